/**
 * One supervisor per execution. Its one method, `receive`, is the whole safety argument: decide and evolve, make it
 * durable in one commit, and only then act. A supervisor whose commit was refused is thrown away and loaded again,
 * so there is no code that rolls back.
 */
import { decode, encode } from "../store/codec.ts";
import { largeKey } from "../store/store.ts";
import { decide } from "../workflow/decide.ts";
import { evolve } from "../workflow/evolve.ts";
import type { Command, Text, WorkflowEvent } from "../workflow/messages.ts";
import { react } from "../workflow/react.ts";
import { recover } from "../workflow/recover.ts";
import { type ExecutionState, initialState } from "../workflow/state.ts";
import { isTerminal, NodeCode } from "../workflow/status.ts";
import { type Actor, Moved, type Self, Stall } from "./actor.ts";
import { createEffects } from "./effects.ts";
import { type Given, givenBy } from "./given.ts";
import type { Decided, HandOver, Ports, Receipt, SupervisorMessage, Tenure } from "./ports.ts";
import { hasRoom, newStep, receiptsOf, type Step } from "./step.ts";
import { outcomeCommand } from "./stored-command.ts";
import type { Claim } from "./surplus.ts";
import { summaryOf } from "./summary.ts";

/** Loads the execution and takes up its work; null where there is no such execution. */
export async function startSupervisor(ports: Ports, self: Self<SupervisorMessage>): Promise<Actor<SupervisorMessage> | null> {
  const tenure = ports.tenureOf(self.id);
  if (tenure === null) throw new Moved(`Another instance owns execution ${self.id}.`);
  if (tenure.committer.fenced) throw lostLease(ports, self.id);
  const loaded = await ports.load(self.id);
  if (loaded === null) return null;
  const { plan, definition } = loaded;
  const state = initialState(plan);
  for (const chunk of loaded.chunks) decode(chunk.text, plan, (event) => evolve(state, event));
  let params = typeof state.params === "string" ? state.params : null;
  if (typeof state.params === "object" && state.params !== null && !isTerminal(state.status)) {
    params = (await ports.largeTexts.fetch(self.id, [largeKey.params])).get(largeKey.params) ?? null;
  }
  const claims = await ports.claimsOf(self.id);
  const trusted = tenure.trusted() || (await tenure.regained());
  // Read before the lane went to another instance, perhaps: whoever comes next reads it anew.
  if (!trusted || ports.tenureOf(self.id) !== tenure) throw new Moved(`Another instance owns execution ${self.id}.`);
  return createSupervisor(ports, self, { state, definition, params, tenure, claims });
}

type Loaded = {
  readonly state: ExecutionState;
  readonly definition: string;
  readonly params: string | null;
  readonly tenure: Tenure;
  readonly claims: readonly Claim[];
};

function createSupervisor(ports: Ports, self: Self<SupervisorMessage>, loaded: Loaded): Actor<SupervisorMessage> {
  const { id } = self;
  const { state, definition, tenure } = loaded;
  const { plan } = state;
  let given: Given = givenBy(plan, loaded.params);
  let [stopped, handedOver, isOver] = [false, false, false];
  let crash: { readonly error: unknown } | null = null;

  ports.errands.yield(id);
  const hands = ports.pool.attach(
    { id, name: plan.name },
    {
      began: (node, attempt, beganAtMs, executor) =>
        self.deliver({ type: "RecordStart", node, attempt, beganAtMs, executor: executor ?? ports.bootId }),
      ended: (node, attempt, beganAtMs, outcome) => self.deliver(outcomeCommand(node, attempt, beganAtMs, outcome)),
      returned: () => effects.settled(),
    },
  );
  const effects = createEffects({
    ...{ id, state, ports, hands, tenure, deliver: self.deliver },
    given: () => given,
    finished: self.finished,
    failed(error) {
      // Told to the system by the next batch, so that one path alone handles crashes.
      crash = { error };
      self.deliver({ type: "Start" });
    },
  });

  async function receive(batch: readonly SupervisorMessage[]): Promise<void> {
    const answered = new Set<SupervisorMessage>();
    let moved = false;
    try {
      if (crash !== null) throw crash.error;
      await work(batch, answered);
    } catch (error) {
      moved = error instanceof Moved;
      throw error;
    } finally {
      for (const message of batch) if (!answered.has(message)) unanswered(message, moved || stopped || handedOver);
    }
  }

  async function work(batch: readonly SupervisorMessage[], answered: Set<SupervisorMessage>): Promise<void> {
    for (let next = 0; next < batch.length && !stopped && !handedOver; ) {
      const step = newStep(ports.clock.nowMs());
      let handOver: HandOver | null = null;
      for (; next < batch.length && handOver === null && hasRoom(step); next++) {
        const message = batch[next];
        if (message?.type === "HandOver") handOver = message;
        else if (message?.type === "Resume") step.resumes = true;
        else if (message !== undefined) take(message, step);
      }
      if (handOver !== null) recordWhatRuns(step);
      if (!(await commit(step))) return;
      answer(step, handOver, answered);
      if (handOver === null) await actOn(step);
    }
  }

  function answer(step: Step, handOver: HandOver | null, answered: Set<SupervisorMessage>): void {
    for (const { message, receipt } of step.receipts) {
      answered.add(message);
      if (message.type === "Ask") message.reply(receipt);
      else message.done(true);
    }
    if (handOver === null) return;
    answered.add(handOver);
    handOver.done(true);
  }

  /** A commit may be applied under a lease that has lapsed since: only then is acting on it another's. */
  async function actOn(step: Step): Promise<void> {
    if (!tenure.trusted() && !(await tenure.regained())) throw new Moved(`Another instance owns execution ${id}.`);
    if (!stopped) act(step);
  }

  function unanswered(message: SupervisorMessage, moved: boolean): void {
    if (message.type === "Stored" || message.type === "HandOver") message.done(false);
    else if (message.type === "Ask")
      message.reply(moved ? { type: "moved" } : { type: "unavailable", reason: "The execution's supervisor was restarted." });
  }

  function take(message: Decided, step: Step): void {
    const command = commandOf(message, step);
    const decision = decide(state, command, { nowMs: step.nowMs, random: ports.random.next() });
    if (decision.type === "events") apply(decision.events, step);
    if (message.type === "Ask" || message.type === "Stored") {
      const receipt: Receipt = decision.type === "rejected" ? { type: "rejected", rejection: decision.rejection } : { type: "done" };
      step.receipts.push({ message, receipt });
    }
    if (command.type === "CompleteAttempt" || command.type === "FailAttempt" || command.type === "LoseAttempt") {
      step.settled.push({ node: command.node, attempt: command.attempt });
    }
  }

  function apply(events: readonly WorkflowEvent[], step: Step): void {
    for (const event of events) {
      evolve(state, event);
      step.events.push(event);
    }
  }

  function commandOf(message: Decided, step: Step): Command {
    if (message.type === "Ask") return triggerOf(message.params, step);
    if (message.type !== "Stored") return keptApart(message, step);
    const { body } = message;
    if (body.type === "trigger") return triggerOf(body.params, step);
    return keptApart(outcomeCommand(body.node, body.attempt, body.beganAtMs, body.outcome), step);
  }

  function triggerOf(text: string | null, step: Step): Command {
    if (state.triggeredAtMs !== null) return { type: "Trigger", params: null, admitted: false };
    given = givenBy(plan, text);
    const params = text === null ? null : apart(largeKey.params, text, step);
    return { type: "Trigger", params, admitted: ports.admission.tryEnter(id) };
  }

  function keptApart(command: Command, step: Step): Command {
    if (command.type !== "CompleteAttempt" || typeof command.output !== "string") return command;
    step.bytes += command.output.length;
    if (!ports.largeTexts.mayBeLarge(command.output)) return command;
    const output = apart(largeKey.output(plan.ids[command.node] ?? "", command.attempt), command.output, step);
    return output === command.output ? command : { ...command, output };
  }

  function apart(key: string, text: string, step: Step): Text {
    const split = ports.largeTexts.split(key, text);
    if (split.apart !== null) {
      ports.largeTexts.keep(id, split.apart);
      step.large.push(split.apart);
    }
    return split.text;
  }

  /** Nothing begins here any more; the next owner shall know what has. */
  function recordWhatRuns(step: Step): void {
    handedOver = true;
    effects.stop();
    hands.takeBack();
    for (const { node, attempt, beganAtMs } of hands.begun()) {
      const command: Command = { type: "RecordStart", node, attempt, beganAtMs, executor: ports.bootId };
      const decision = decide(state, command, { nowMs: step.nowMs, random: 0 });
      if (decision.type === "events") apply(decision.events, step);
    }
  }

  /** True when all of it is durable; false when this supervisor must not act any more. */
  async function commit(step: Step): Promise<boolean> {
    const receipts = receiptsOf(step);
    if (step.events.length === 0) {
      if (receipts.length === 0 || (await tenure.committer.answer(receipts)) === "applied") return !stopped;
      if (stopped) return false;
      throw lost();
    }
    const to = state.sequence;
    const answer = await tenure.committer.submit({
      chunk: { from: to - step.events.length + 1, to, text: encode(step.events, plan) },
      summary: summaryOf(id, state, definition),
      large: step.large,
      ...(receipts.length === 0 ? {} : { receipts }),
    });
    if (stopped) return false;
    switch (answer.type) {
      case "applied":
        return true;
      case "conflict":
        throw new Error(`The log of execution ${id} was written by somebody else.`);
      case "fenced":
        throw lost();
      case "refused":
        throw new Stall(`The store refuses the progress of execution ${id}: ${answer.reason}`);
    }
  }

  function lost(): Error {
    hands.abort("Another instance owns this execution.");
    return lostLease(ports, id);
  }

  function act(step: Step): void {
    for (const { node, attempt } of step.settled) hands.settle(node, attempt);
    for (const event of step.events) {
      if (event.type === "ExecutionClosed") isOver = true;
      // Of what has ended before a death was recorded there is nothing to record.
      if (isOver || event.type === "OwnerDied") ports.ownerDeaths.recorded(id);
      if (event.type === "OwnerDied") resume();
      const effect = react(event);
      if (effect !== null) effects.perform(effect);
    }
    if (step.resumes) resume();
    if (step.settled.length > 0) effects.settled();
  }

  function stop(): void {
    stopped = true;
    effects.stop();
    hands.detach();
    // Attempts that were taken for lost while they ran here, for another owner.
    if (isOver && hands.size > 0) ports.errands.discard({ id, name: plan.name });
  }

  try {
    takeUp();
  } catch (error) {
    // Nobody would stop an actor that never was, and its next life could not attach.
    stop();
    throw error;
  }
  return { receive, stop };

  /** Goes on where the log ends. The death of the last owner is made durable before anything is started again. */
  function takeUp(): void {
    if (state.status === "RUNNING") ports.admission.enter(id);
    // Its last life may have taken room for a trigger that did not become durable.
    else if (state.triggeredAtMs === null) ports.admission.leave(id);
    for (const claim of loaded.claims) recordClaim(claim);
    const bootId = ports.ownerDeaths.bootIdOf(id);
    if (bootId !== null && state.startedAtMs !== null && !state.closed) {
      self.deliver({ type: "RecordOwnerDeath", bootId });
      return;
    }
    // It had begun nothing: that death says nothing of it, also not of what it begins later.
    ports.ownerDeaths.recorded(id);
    self.deliver({ type: "Resume" });
  }

  /** In hand from now on, so that nothing starts it beside its claimer; and recorded before a death that is none of its. */
  function recordClaim({ node, attempt, executor }: Claim): void {
    if (state.nodeStatus[node] !== NodeCode.QUEUED || state.attempt[node] !== attempt) return;
    // Claimed by this instance: it has run and its outcome is among the stored commands, which come first, or it never will.
    const isGone = executor === ports.bootId && !hands.holds(node, attempt);
    hands.watch(node, attempt, executor);
    self.deliver({ type: "RecordStart", node, attempt, beganAtMs: ports.clock.nowMs(), executor });
    if (isGone || !ports.isAlive(executor)) self.deliver({ type: "LoseAttempt", node, attempt, death: !isGone });
  }

  function resume(): void {
    for (const effect of recover(state)) effects.perform(effect);
  }
}

/** Alone, an owner that is fenced can only be left alone; where others share the store, one of them goes on. */
function lostLease(ports: Ports, id: string): Error {
  if (ports.shared) return new Moved(`Another instance owns execution ${id}.`);
  return new Stall(`The lease of execution ${id} is lost.`);
}

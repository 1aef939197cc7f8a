/**
 * One supervisor per execution. Its one method, `receive`, is the whole safety argument: decide and evolve, make it
 * durable in one commit, and only then act. A supervisor whose commit was refused is thrown away and loaded again,
 * so there is no code that rolls back.
 */
import type { Outcome } from "../pool/pool.ts";
import { decode, encode } from "../store/codec.ts";
import { largeKey, type LargeText } from "../store/store.ts";
import { decide } from "../workflow/decide.ts";
import { evolve } from "../workflow/evolve.ts";
import type { Command, NodeIndex, Text, WorkflowEvent } from "../workflow/messages.ts";
import { react } from "../workflow/react.ts";
import { recover } from "../workflow/recover.ts";
import { type ExecutionState, initialState } from "../workflow/state.ts";
import { isTerminal } from "../workflow/status.ts";
import { type Actor, type Self, Stall } from "./actor.ts";
import { createEffects } from "./effects.ts";
import { type Given, givenBy } from "./given.ts";
import type { Ask, Ports, Receipt, SupervisorMessage } from "./ports.ts";
import { summaryOf } from "./summary.ts";

/** A commit is cut between commands when it holds this much. */
const EVENTS_MAX = 4_000;
const BYTES_MAX = 4 * 1024 * 1024;

/** Loads the execution and takes up its work; null where there is no such execution. */
export async function startSupervisor(ports: Ports, self: Self<SupervisorMessage>): Promise<Actor<SupervisorMessage> | null> {
  if (ports.committerOf(self.id).fenced) throw new Stall(`The lease of execution ${self.id} is lost.`);
  const loaded = await ports.load(self.id);
  if (loaded === null) return null;
  const { plan, definition } = loaded;
  const state = initialState(plan);
  for (const chunk of loaded.chunks) decode(chunk.text, plan, (event) => evolve(state, event));
  let params = typeof state.params === "string" ? state.params : null;
  if (typeof state.params === "object" && state.params !== null && !isTerminal(state.status)) {
    params = (await ports.largeTexts.fetch(self.id, [largeKey.params])).get(largeKey.params) ?? null;
  }
  return createSupervisor(ports, self, { state, definition, params });
}

type Loaded = { readonly state: ExecutionState; readonly definition: string; readonly params: string | null };

/** What one commit holds, and what follows from it. */
type Step = {
  /** When all of it was decided: nothing else happens meanwhile. */
  readonly nowMs: number;
  readonly events: WorkflowEvent[];
  readonly large: LargeText[];
  readonly settled: { readonly node: NodeIndex; readonly attempt: number }[];
  readonly receipts: { readonly ask: Ask; readonly receipt: Receipt }[];
  bytes: number;
};

function createSupervisor(ports: Ports, self: Self<SupervisorMessage>, loaded: Loaded): Actor<SupervisorMessage> {
  const { id } = self;
  const { state, definition } = loaded;
  const { plan } = state;
  let given: Given = givenBy(plan, loaded.params);
  let stopped = false;
  let crash: { readonly error: unknown } | null = null;

  const hands = ports.pool.attach(
    { id, name: plan.name },
    {
      began: (node, attempt, beganAtMs) => self.deliver({ type: "RecordStart", node, attempt, beganAtMs }),
      ended: (node, attempt, beganAtMs, outcome) => ended(node, attempt, beganAtMs, outcome),
      returned: () => effects.settled(),
    },
  );
  const effects = createEffects({
    id,
    state,
    ports,
    hands,
    given: () => given,
    deliver: self.deliver,
    finished: self.finished,
    failed(error) {
      // Told to the system by the next batch, so that one path alone handles crashes.
      crash = { error };
      self.deliver({ type: "Start" });
    },
  });

  function ended(node: NodeIndex, attempt: number, beganAtMs: number, outcome: Outcome): void {
    switch (outcome.type) {
      case "completed":
        return self.deliver({ type: "CompleteAttempt", node, attempt, beganAtMs, output: outcome.output });
      case "failed":
        return self.deliver({ type: "FailAttempt", node, attempt, beganAtMs, failure: outcome.failure });
      case "lost":
        return self.deliver({ type: "LoseAttempt", node, attempt, death: outcome.death });
      case "released":
        return self.deliver({ type: "LoseAttempt", node, attempt, death: false });
    }
  }

  async function receive(batch: readonly SupervisorMessage[]): Promise<void> {
    const answered = new Set<Ask>();
    try {
      if (crash !== null) throw crash.error;
      for (let next = 0; next < batch.length && !stopped; ) {
        const step: Step = { nowMs: ports.clock.nowMs(), events: [], large: [], settled: [], receipts: [], bytes: 0 };
        for (; next < batch.length && step.events.length < EVENTS_MAX && step.bytes < BYTES_MAX; next++) {
          const message = batch[next];
          if (message !== undefined) take(message, step);
        }
        if (step.events.length > 0 && !(await commit(step))) return;
        for (const { ask, receipt } of step.receipts) {
          answered.add(ask);
          ask.reply(receipt);
        }
        act(step);
      }
    } finally {
      for (const message of batch) {
        if (message.type === "Ask" && !answered.has(message))
          message.reply({ type: "unavailable", reason: "The execution's supervisor was restarted." });
      }
    }
  }

  function take(message: SupervisorMessage, step: Step): void {
    const command = message.type === "Ask" ? triggerOf(message, step) : keptApart(message, step);
    const decision = decide(state, command, { nowMs: step.nowMs, random: ports.random.next() });
    switch (decision.type) {
      case "events":
        for (const event of decision.events) {
          evolve(state, event);
          step.events.push(event);
        }
        if (message.type === "Ask") step.receipts.push({ ask: message, receipt: { type: "done" } });
        break;
      case "rejected":
        if (message.type === "Ask") step.receipts.push({ ask: message, receipt: { type: "rejected", rejection: decision.rejection } });
        break;
      case "ignored":
        break;
    }
    if (command.type === "CompleteAttempt" || command.type === "FailAttempt" || command.type === "LoseAttempt") {
      step.settled.push({ node: command.node, attempt: command.attempt });
    }
  }

  function triggerOf(ask: Ask, step: Step): Command {
    if (state.triggeredAtMs !== null) return { type: "Trigger", params: null, admitted: false };
    given = givenBy(plan, ask.params);
    const params = ask.params === null ? null : apart(largeKey.params, ask.params, step);
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

  /** True when the events are durable; false when this supervisor must not act any more. */
  async function commit(step: Step): Promise<boolean> {
    const to = state.sequence;
    const answer = await ports.committerOf(id).submit({
      chunk: { from: to - step.events.length + 1, to, text: encode(step.events, plan) },
      summary: summaryOf(id, state, definition),
      large: step.large,
    });
    if (stopped) return false;
    switch (answer.type) {
      case "applied":
        return true;
      case "conflict":
        throw new Error(`The log of execution ${id} was written by somebody else.`);
      case "fenced":
        hands.abort("Another instance owns this execution.");
        throw new Stall(`The lease of execution ${id} is lost.`);
      case "refused":
        throw new Stall(`The store refuses the progress of execution ${id}: ${answer.reason}`);
    }
  }

  function act(step: Step): void {
    for (const { node, attempt } of step.settled) hands.settle(node, attempt);
    for (const event of step.events) {
      if (event.type === "OwnerDied") {
        ports.ownerDeaths.recorded(id);
        resume();
      }
      const effect = react(event);
      if (effect !== null) effects.perform(effect);
    }
    if (step.settled.length > 0) effects.settled();
  }

  function stop(): void {
    stopped = true;
    effects.stop();
    hands.detach();
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
    const bootId = ports.ownerDeaths.bootIdOf(id);
    if (bootId !== null && state.startedAtMs !== null && !state.closed) {
      self.deliver({ type: "RecordOwnerDeath", bootId });
      return;
    }
    // It had begun nothing: that death says nothing of it, also not of what it begins later.
    ports.ownerDeaths.recorded(id);
    resume();
  }

  function resume(): void {
    for (const effect of recover(state)) effects.perform(effect);
  }
}

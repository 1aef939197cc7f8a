/**
 * The supervisor of one execution. Its one method, `receive`, is the whole safety argument: decide and evolve, make it durable in one
 * commit, and only then act. A supervisor whose commit was refused is thrown away and loaded again, so there is no code that rolls back.
 */
import type { ExecutionAttempts, AttemptListener, Outcome } from "../../pool/pool.ts";
import { encode } from "../../store/codec/codec.ts";
import type { CommitResult } from "../../store/committer.ts";
import type { TriggerParams } from "../../workflow/template/trigger-params.ts";
import type { Command } from "../../workflow/execution/messages.ts";
import { react } from "../../workflow/execution/react.ts";
import { recover } from "../../workflow/execution/recover.ts";
import type { ExecutionState } from "../../workflow/execution/state.ts";
import { isTerminal, NodeCode } from "../../workflow/execution/status.ts";
import { type Actor, Moved, type Self, Stall } from "../system/actor.ts";
import { type Decider, accountFor, decideBatch, handOverLast } from "./decide-batch.ts";
import { Effects, type EffectsHost } from "./effects/effects.ts";
import { type Coming, comingFrom, wholeOf } from "./incoming-params.ts";
import { lostLease } from "./lost-lease.ts";
import { attachTo, noteOwn, ownAttempt } from "./in-hand.ts";
import type { Ports } from "./ports.ts";
import { newChangeset, receiptsOf, type Changeset } from "./changeset.ts";
import { summaryOf } from "./summary.ts";
import type { Claim } from "../../cluster/overflow/offers.ts";
import type { SupervisorMessage } from "./messages.ts";
import { outcomeCommand } from "./outcome-command.ts";
import type { OwnedLane } from "../../cluster/owned-lane.ts";

/** The state from which a supervisor goes on. */
export type TakenUp = {
  readonly state: ExecutionState;
  /** The definition's hash. */
  readonly definition: string;
  /** What came with the trigger. */
  readonly triggerParams: TriggerParams;
  readonly ownedLane: OwnedLane;
  readonly claims: readonly Claim[];
  /** Whether it was created here just now: nothing of it can be in hand anywhere, and nobody can have told anything of it. */
  readonly isNew: boolean;
};

export class Supervisor implements Actor<SupervisorMessage>, AttemptListener, Decider, EffectsHost {
  readonly id: string;
  readonly state: ExecutionState;
  readonly ports: Ports;
  readonly attempts: ExecutionAttempts;
  readonly ownedLane: OwnedLane;
  triggerParams: TriggerParams;
  /** The params of a trigger, while a thread reads them. */
  #coming: Coming | null = null;
  readonly #self: Self<SupervisorMessage>;
  readonly #definition: string;
  readonly #effects: Effects;
  #stopped = false;
  #handedOver = false;
  #isOver: boolean;
  #crash: { readonly error: unknown } | null = null;

  /** Attaches to what is in hand, and takes up the execution's work; if it is not new, in a later turn. */
  constructor(ports: Ports, self: Self<SupervisorMessage>, takenUp: TakenUp) {
    const { state, definition, triggerParams, ownedLane } = takenUp;
    this.id = self.id;
    this.state = state;
    this.#isOver = state.closed;
    this.ports = ports;
    this.ownedLane = ownedLane;
    this.triggerParams = triggerParams;
    this.#self = self;
    this.#definition = definition;
    this.attempts = attachTo(ports, this.id, state, this);
    this.#effects = new Effects(this);
    try {
      this.#takeUp(takenUp);
    } catch (error) {
      // Nobody would stop an actor that was never made, and its next life could not attach.
      this.stop();
      throw error;
    }
  }

  /** Whether its end must still be committed, by nobody else. */
  get isUnderWay(): boolean {
    return !this.#stopped && !isTerminal(this.state.status) && this.ownedLane.trusted();
  }

  async receive(received: readonly SupervisorMessage[]): Promise<void> {
    const batch = handOverLast(received);
    // The number of messages of the batch that are durable and answered.
    let done = 0;
    let moved = false;
    try {
      if (this.#crash !== null) throw this.#crash.error;
      while (done < batch.length && !this.#stopped && !this.#handedOver) {
        const changeset = newChangeset(this.ports.clock.nowMs());
        const next = this.#decide(batch, done, changeset);
        const answer = this.#commit(changeset);
        if (answer !== null) this.#assertDurable(await answer);
        if (this.#stopped) return;
        this.#settle(changeset);
        this.#answer(changeset);
        done = next;
        if (this.#handedOver) return;
        if (this.#coming !== null) await this.#takeParams(this.#coming);
        if (this.#stopped) return;
        // It was applied under a lease that may have lapsed since, so acting on it may be another instance's task by now.
        if (!this.ownedLane.trusted() && !(await this.ownedLane.regained())) throw new Moved(`Another instance owns execution ${this.id}.`);
        if (!this.#stopped) this.#act(changeset);
      }
      if (this.#wantsNothing) this.#self.finished();
    } catch (error) {
      moved = error instanceof Moved;
      throw error;
    } finally {
      for (; done < batch.length; done++) unanswered(batch[done] as SupervisorMessage, moved || this.#stopped || this.#handedOver);
    }
  }

  giveParams(params: string | null): void {
    const triggerParams = this.ports.readTriggerParams(this.state.plan, params);
    if (triggerParams instanceof Promise) this.#coming = comingFrom(triggerParams);
    else this.triggerParams = triggerParams;
  }

  async #takeParams(coming: Coming): Promise<void> {
    this.triggerParams = wholeOf(this.id, await coming);
    this.#coming = null;
  }

  stop(): void {
    this.#stopped = true;
    this.#effects.stop();
    this.attempts.detach();
    // Attempts that were counted as lost while they ran here for another owner, or attempts of a trigger that the store has forgotten.
    if (this.#wantsNothing && this.attempts.size > 0) this.ports.remoteAttempts.discard({ id: this.id, name: this.state.plan.name });
  }

  began(node: number, attempt: number, beganAtMs: number, executor: string | null): void {
    this.deliver({ type: "RecordStart", node, attempt, beganAtMs, executor: executor ?? this.ports.bootId });
  }

  ended(node: number, attempt: number, beganAtMs: number, outcome: Outcome): void {
    this.deliver(outcomeCommand(node, attempt, beganAtMs, outcome));
  }

  returned(): void {
    this.#effects.returned();
  }

  whenTrusted(act: () => void): void {
    if (this.#stopped) return;
    if (this.ownedLane.trusted()) return act();
    void this.ownedLane.regained().then((isOurs) => {
      if (isOurs) this.whenTrusted(act);
    });
  }

  deliver(command: Command): void {
    this.#self.deliver(command);
  }

  failed(error: unknown): void {
    // The system hears of it with the next batch, so that one path alone handles crashes.
    this.#crash = { error };
    this.deliver({ type: "Start" });
  }

  #decide(batch: readonly SupervisorMessage[], first: number, changeset: Changeset): number {
    const next = decideBatch(this, batch, first, changeset);
    if (changeset.handOver !== null) {
      // Nothing begins here any more.
      this.#handedOver = true;
      this.#effects.stop();
      this.attempts.takeBack();
      accountFor(this, changeset);
    }
    return next;
  }

  /** Commits all of the step; null if there is nothing to write. */
  #commit(changeset: Changeset): Promise<CommitResult> | null {
    const { committer } = this.ownedLane;
    const receipts = receiptsOf(changeset);
    if (changeset.events.length === 0) return receipts.length === 0 ? null : committer.answer(receipts);
    const to = this.state.sequence;
    const chunk = { from: to - changeset.events.length + 1, to, text: encode(changeset.events, this.state.plan) };
    const summary = summaryOf(this.id, this.state, this.#definition);
    const { large } = changeset;
    return committer.submit(receipts.length === 0 ? { chunk, summary, large } : { chunk, summary, large, receipts });
  }

  #assertDurable(answer: CommitResult): void {
    if (this.#stopped) return;
    switch (answer.type) {
      case "applied":
        return;
      case "conflict":
        throw new Error(`The log of execution ${this.id} was written by somebody else.`);
      case "fenced":
        this.attempts.abort("Another instance owns this execution.");
        throw lostLease(this.ports, this.id);
      case "refused":
        throw new Stall(`The store refuses the progress of execution ${this.id}: ${answer.reason}`);
    }
  }

  #answer({ receipts, handOver }: Changeset): void {
    for (const { message, receipt } of receipts) message.answer(receipt);
    handOver?.done(true);
  }

  /**
   * Whether it wants nothing any more: it is over. Or it is not triggered and hears of outcomes all the same, because the store came back
   * with older data: then what follows finds them in the store.
   */
  get #wantsNothing(): boolean {
    return this.#isOver || this.state.triggeredAtMs === null;
  }

  /** Settles what is durable now, also of an execution that is handed over: nobody must report it any more. */
  #settle(changeset: Changeset): void {
    for (const { node, attempt } of changeset.settled) this.attempts.settle(node, attempt);
    for (const event of changeset.events) {
      if (event.type === "ExecutionClosed") this.#isOver = true;
      // An execution that ended before a death was recorded has nothing to record.
      if (this.#isOver || event.type === "OwnerDied") this.ports.ownerDeaths.recorded(this.id);
      // Whoever hears of the end, or of the pause, must see nothing begin afterwards.
      const stops = event.type === "ExecutionPaused" || (event.type === "ExecutionFinished" && event.status === "CANCELLED");
      if (stops) this.attempts.takeBack();
    }
  }

  #act(changeset: Changeset): void {
    for (const event of changeset.events) {
      if (event.type === "ExecutionFinished" && event.status === "FAILED") this.#reportEnd(event.error);
      if (event.type === "OwnerDied") this.#resume();
      const effect = react(event);
      if (effect !== null) this.#effects.perform(effect);
    }
    if (changeset.resumes) this.#resume();
    if (changeset.settled.length > 0) this.#effects.settled();
  }

  #reportEnd(error: string | null): void {
    const { id, state, ports } = this;
    ports.failures.error("An execution failed.", { execution: id, name: state.plan.name, error });
  }

  #resume(): void {
    for (const effect of recover(this.state)) this.#effects.perform(effect);
  }

  /** Goes on where the log ends. The death of the last owner is made durable before anything is started again. */
  #takeUp({ claims, isNew }: TakenUp): void {
    const { id, state, ports } = this;
    if (state.status === "RUNNING") ports.admission.enter(id);
    // Its last life may have taken room for a trigger that did not become durable.
    else if (state.triggeredAtMs === null) ports.admission.leave(id);
    // Attempts that its last life had given to the threads still wait there.
    if (state.status !== "RUNNING") this.attempts.takeBack();
    if (ports.shared) noteOwn(ports, id, state, claims);
    for (const claim of claims) this.#takeUpClaim(claim);
    const bootId = ports.ownerDeaths.bootIdOf(id);
    if (bootId !== null && state.startedAtMs !== null && !state.closed) return this.deliver({ type: "RecordOwnerDeath", bootId });
    // It had begun nothing, so that death says nothing of it, nor of what it begins later.
    ports.ownerDeaths.recorded(id);
    if (isNew) this.#resume();
    else this.#self.deliver(RESUME);
  }

  /**
   * Takes up a claim. The attempt is in hand from now on, so that nothing starts it beside its claimer, and it is recorded before a death
   * that does not concern it.
   */
  #takeUpClaim({ node, attempt, executor }: Claim): void {
    const { state, ports, attempts } = this;
    // The cancel takes it from its claimer, with everything that is in hand.
    if (state.status === "CANCELLED" && !state.closed) return attempts.watch(node, attempt, executor);
    if (state.nodeStatus[node] !== NodeCode.QUEUED || state.attempt[node] !== attempt) return;
    // Claimed by this instance: either it has run and its outcome is among the stored commands, or comes there, or it never will.
    const isGone =
      executor === ports.bootId &&
      !attempts.holds(node, attempt) &&
      !ports.remoteAttempts.hasTold(ownAttempt(this.id, state, node, attempt));
    attempts.watch(node, attempt, executor, state.plan.ids[node]);
    this.deliver({ type: "RecordStart", node, attempt, beganAtMs: ports.clock.nowMs(), executor });
    if (isGone || !ports.isAlive(executor)) this.deliver({ type: "LoseAttempt", node, attempt, death: !isGone });
  }
}

const RESUME: SupervisorMessage = { type: "Resume" };

function unanswered(message: SupervisorMessage, moved: boolean): void {
  if (message.type === "HandOver") message.done(false);
  else if (message.type === "Command")
    message.answer(moved ? { type: "moved" } : { type: "unavailable", reason: "The execution's supervisor was restarted." });
}

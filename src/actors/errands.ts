/**
 * What this instance runs for executions that are owned elsewhere: attempts that it claimed, and those that still ran
 * when their execution was handed over. Their outcomes become commands for the owner, each sent until the store has it.
 */
import type { Clock } from "../env/clock.ts";
import type { Attempt, AttemptKey, Hands, Outcome, Pool } from "../pool/pool.ts";
import type { LaneCommand } from "../store/shared-store.ts";
import type { NodeIndex } from "../workflow/messages.ts";
import { createAccounts } from "./accounts.ts";
import { createSentOutcomes } from "./sent-outcomes.ts";
import { packBody } from "./stored-command.ts";

export type Errands = {
  /** What of this execution is in hand goes on for its new owner. */
  keep(execution: ExecutionName): void;
  /** Runs an attempt that was claimed. Resolves when its outcome is stored, or nobody here has it any more. */
  run(execution: ExecutionName, attempt: Attempt): Promise<void>;
  /** One attempt is not wanted any more. */
  abort(key: AttemptKey): void;
  /** What has not begun is told as released, for another instance to run. */
  giveBack(): void;
  /** The execution is owned here from now on: its supervisor attaches next. */
  yield(executionId: string): void;
  /**
   * By the log, this instance has this attempt of an execution that is owned here from now on. Where the store forgets that, its
   * owner of before waits for the attempt again: it is told as released when nobody here has it any more.
   */
  accounts(key: AttemptKey): void;
  /**
   * The execution went to another instance without a hand-over: what runs is aborted and told as released, in case that
   * somebody waits for it. What has completed is told so.
   */
  lose(execution: ExecutionName): void;
  /** It has ended: what runs is aborted, and no outcome is sent. */
  discard(execution: ExecutionName): void;
  /** The store may have forgotten what it took last, and whose lanes are whose: it is told again. */
  storeRestarted(): void;
  /** Resolves when no outcome waits to be stored. */
  idle(): Promise<void>;
};

export type ExecutionName = { readonly id: string; readonly name: string };

export type ErrandsOptions = {
  readonly pool: Pool;
  readonly bootId: string;
  readonly clock: Clock;
  /** Rejects where the store is away. */
  readonly send: (command: LaneCommand) => Promise<unknown>;
};

/** `waiting`: whoever waits for an attempt's end here, by node and attempt. `aborted`: those that were, since another instance came. */
type Errand = { readonly hands: Hands; readonly waiting: Map<string, () => void>; readonly aborted: Set<string>; wanted: boolean };

const RELEASED: Outcome = { type: "released" };
const AGAIN = { firstMs: 50, longestMs: 2_000 };

export function createErrands({ pool, bootId, clock, send }: ErrandsOptions): Errands {
  const errands = new Map<string, Errand>();
  const whenIdle: (() => void)[] = [];
  const outcomes = createSentOutcomes(clock);
  const accounts = createAccounts(clock);
  let [sending, told] = [0, 0];

  function errandFor(execution: ExecutionName): Errand {
    const known = errands.get(execution.id);
    if (known !== undefined) return known;
    const errand: Errand = {
      wanted: true,
      waiting: new Map(),
      aborted: new Set(),
      hands: pool.attach(execution, {
        // Its start is recorded, by the hand-over or by the claim.
        began: () => undefined,
        ended: (node, attempt, beganAtMs, outcome) => void ended(execution.id, errand, node, attempt, beganAtMs, outcome),
        returned: () => leaveIfDone(execution.id, errand),
      }),
    };
    errands.set(execution.id, errand);
    return errand;
  }

  async function ended(id: string, errand: Errand, node: NodeIndex, attempt: number, beganAtMs: number, outcome: Outcome): Promise<void> {
    const name = `${node}/${attempt}`;
    if (errand.wanted) {
      // That it broke when it was aborted is no failure.
      const word: Outcome = errand.aborted.has(name) && outcome.type !== "completed" ? RELEASED : outcome;
      sending += 1;
      await insist(commandOf({ execution: id, node, attempt }, beganAtMs, word), () => errand.wanted && errands.get(id) === errand);
      sending -= 1;
    }
    // Whoever attached after us was told of it too, and settles it.
    if (errands.get(id) === errand) {
      errand.hands.settle(node, attempt);
      errand.aborted.delete(name);
      errand.waiting.get(name)?.();
      errand.waiting.delete(name);
      leaveIfDone(id, errand);
    }
    if (sending === 0) for (const resolve of whenIdle.splice(0)) resolve();
  }

  function commandOf({ execution, node, attempt }: AttemptKey, beganAtMs: number, outcome: Outcome): LaneCommand {
    return {
      // Of its own: where the store fell into an older past the same attempt may run here again.
      id: `outcome/${execution}/${node}/${attempt}/${bootId}/${(told += 1)}`,
      execution,
      body: packBody({ type: "outcome", node, attempt, beganAtMs, outcome }),
    };
  }

  /** What the log of another owner may say that this instance has, and it has not. */
  function tellOfGone(isMeant: (key: AttemptKey) => boolean): void {
    const isGone = (key: AttemptKey) => isMeant(key) && !pool.overflow.holds(key);
    for (const key of accounts.take(isGone)) void insist(commandOf(key, 0, RELEASED), () => true);
  }

  /** Resolves when the store has it, or it is not wanted any more. */
  async function insist(command: LaneCommand, isWanted: () => boolean): Promise<void> {
    for (let delayMs = AGAIN.firstMs; isWanted(); delayMs = Math.min(AGAIN.longestMs, delayMs * 2)) {
      try {
        await send(command);
        outcomes.sent(command);
        return;
      } catch {
        // The store is away: the outcome waits here until it is back.
        await new Promise<void>((resolve) => clock.after(delayMs, resolve));
      }
    }
  }

  function leaveIfDone(id: string, errand: Errand): void {
    if (errand.hands.size > 0 || errands.get(id) !== errand) return;
    leave(id, errand);
  }

  function end(id: string, errand: Errand, reason: string): void {
    errand.hands.leaveOthers();
    errand.hands.takeBack();
    errand.hands.abort(reason);
    leaveIfDone(id, errand);
  }

  function leave(id: string, errand: Errand): void {
    errands.delete(id);
    errand.hands.detach();
    for (const done of errand.waiting.values()) done();
  }

  return {
    keep(execution) {
      const errand = errandFor(execution);
      errand.hands.leaveOthers();
      leaveIfDone(execution.id, errand);
    },
    run(execution, attempt) {
      const errand = errandFor(execution);
      errand.wanted = true;
      // Its handler may have gone since it was claimed; and at a clean end nothing starts any more: another instance shall run it.
      if (pool.handlers().has(attempt.handler)) errand.hands.start(attempt);
      if (!errand.hands.holds(attempt.node, attempt.attempt))
        return ended(execution.id, errand, attempt.node, attempt.attempt, 0, RELEASED);
      return new Promise((resolve) => void errand.waiting.set(`${attempt.node}/${attempt.attempt}`, resolve));
    },
    abort({ execution, node, attempt }) {
      errands.get(execution)?.hands.abortOne(node, attempt, "Nobody waits for this attempt any more.");
    },
    giveBack() {
      for (const { hands } of errands.values()) hands.giveBack();
    },
    yield(executionId) {
      const errand = errands.get(executionId);
      if (errand !== undefined) leave(executionId, errand);
    },
    accounts: (key) => accounts.note(key),
    lose(execution) {
      const errand = errandFor(execution);
      errand.hands.takeBack();
      for (const { node, attempt } of errand.hands.begun()) errand.aborted.add(`${node}/${attempt}`);
      end(execution.id, errand, "Another instance owns this execution.");
      tellOfGone((key) => key.execution === execution.id);
    },
    discard(execution) {
      const errand = errandFor(execution);
      errand.wanted = false;
      end(execution.id, errand, "The execution has ended.");
    },
    storeRestarted() {
      for (const command of outcomes.recent()) void insist(command, () => true);
      tellOfGone(() => true);
    },
    idle: () => (sending === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
  };
}

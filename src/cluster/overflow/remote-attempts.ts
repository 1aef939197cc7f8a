/**
 * What this instance runs for executions that are owned elsewhere: attempts that it claimed, and those that still ran
 * when their execution was handed over. Their outcomes become commands for the owner, each sent until the store has it.
 */
import { Backoff, type Pauses } from "../../env/backoff.ts";
import type { Clock } from "../../env/clock.ts";
import type { Attempt, AttemptKey, ExecutionRef, ExecutionAttempts, Outcome, Pool } from "../../pool/pool.ts";
import { Recent } from "../../env/recent.ts";
import { FORGOTTEN_MS_MAX, type LaneCommand } from "../../store/shared-store.ts";
import { packBody } from "../commands/stored-command.ts";
import type { NodeIndex } from "../../workflow/plan/plan.ts";

export type RemoteAttempts = {
  /** What of this execution is in hand goes on for its new owner. */
  keep(execution: ExecutionRef): void;
  /** Runs an attempt that was claimed. Resolves when its outcome is stored, or nobody here has it any more. */
  run(execution: ExecutionRef, attempt: Attempt): Promise<void>;
  /** One attempt is not wanted any more. */
  abort(key: AttemptKey): void;
  /** What has not begun is told as released, for another instance to run. */
  giveBack(): void;
  /** The execution is owned here from now on: its supervisor attaches next. */
  handBack(executionId: string): void;
  /**
   * By the log, this instance has this attempt of an execution that is owned here from now on. Where the store forgets that, its
   * owner of before waits for the attempt again: it is told as released when nobody here has it any more.
   */
  noteOwn(key: AttemptKey): void;
  /**
   * The execution went to another instance without a hand-over: what runs is aborted and told as released, in case that
   * somebody waits for it. What has completed is told so.
   */
  lose(execution: ExecutionRef): void;
  /** It has ended: what runs is aborted, and no outcome is sent. */
  discard(execution: ExecutionRef): void;
  /** The store may have forgotten what it took last, and whose lanes are whose: it is told again. */
  storeRestarted(): void;
  /** Resolves when no outcome waits to be stored. */
  idle(): Promise<void>;
};

export type RemoteAttemptsOptions = {
  readonly pool: Pool;
  readonly bootId: string;
  readonly clock: Clock;
  /** Rejects where the store is away. */
  readonly send: (command: LaneCommand) => Promise<unknown>;
};

/** `waiting`: whoever waits for an attempt's end here, by node and attempt. `aborted`: those that were, since another instance came. */
type RemoteExecution = {
  readonly attempts: ExecutionAttempts;
  readonly waiting: Map<string, () => void>;
  readonly aborted: Set<string>;
  wanted: boolean;
};

const RELEASED: Outcome = { type: "released" };
const AGAIN: Pauses = { firstMs: 50, longestMs: 2_000 };
/** Characters of outcomes that are kept after the store took them. */
const SENT_LENGTH_MAX = 16 * 1024 * 1024;

export function createRemoteAttempts({ pool, bootId, clock, send }: RemoteAttemptsOptions): RemoteAttempts {
  const executions = new Map<string, RemoteExecution>();
  const whenIdle: (() => void)[] = [];
  /** Outcomes that the store took. */
  const outcomes = new Recent<LaneCommand>(clock, { keptMs: FORGOTTEN_MS_MAX, costMax: SENT_LENGTH_MAX });
  /** Attempts of executions that this instance owned, which it had for their owner of before. */
  const own = new Recent<AttemptKey>(clock, { keptMs: FORGOTTEN_MS_MAX });
  let [sending, told] = [0, 0];

  function remoteFor(execution: ExecutionRef): RemoteExecution {
    const known = executions.get(execution.id);
    if (known !== undefined) return known;
    const remote: RemoteExecution = {
      wanted: true,
      waiting: new Map(),
      aborted: new Set(),
      attempts: pool.attach(execution, {
        // Its start is recorded, by the hand-over or by the claim.
        began: () => undefined,
        ended: (node, attempt, beganAtMs, outcome) => void ended(execution.id, remote, node, attempt, beganAtMs, outcome),
        returned: () => leaveIfDone(execution.id, remote),
      }),
    };
    executions.set(execution.id, remote);
    return remote;
  }

  async function ended(
    id: string,
    remote: RemoteExecution,
    node: NodeIndex,
    attempt: number,
    beganAtMs: number,
    outcome: Outcome,
  ): Promise<void> {
    const name = `${node}/${attempt}`;
    if (remote.wanted) {
      // That it broke when it was aborted is no failure.
      const word: Outcome = remote.aborted.has(name) && outcome.type !== "completed" ? RELEASED : outcome;
      sending += 1;
      const command = commandOf({ execution: id, node, attempt }, beganAtMs, word);
      await untilAnswered(command, () => remote.wanted && executions.get(id) === remote);
      sending -= 1;
    }
    // Whoever attached after us was told of it too, and settles it.
    if (executions.get(id) === remote) {
      remote.attempts.settle(node, attempt);
      remote.aborted.delete(name);
      remote.waiting.get(name)?.();
      remote.waiting.delete(name);
      leaveIfDone(id, remote);
    }
    if (sending === 0) for (const resolve of whenIdle.splice(0)) resolve();
  }

  function commandOf({ execution, node, attempt }: AttemptKey, beganAtMs: number, outcome: Outcome): LaneCommand {
    return {
      // Of its own: where the store fell into an older past the same attempt may run here again.
      id: `outcome/${execution}/${node}/${attempt}/${bootId}/${(told += 1)}`,
      execution,
      body: packBody({ type: "Outcome", node, attempt, beganAtMs, outcome }),
    };
  }

  /** What the log of another owner may say that this instance has, and it has not. */
  function tellOfGone(isMeant: (key: AttemptKey) => boolean): void {
    const isGone = (key: AttemptKey) => isMeant(key) && !pool.overflow.holds(key);
    for (const key of own.take(isGone)) void untilAnswered(commandOf(key, 0, RELEASED), () => true);
  }

  /** Resolves when the store has it, or it is not wanted any more. */
  async function untilAnswered(command: LaneCommand, isWanted: () => boolean): Promise<void> {
    const backoff = new Backoff(clock, AGAIN);
    while (isWanted()) {
      try {
        await send(command);
        outcomes.note(command.id, command, command.body.length);
        return;
      } catch {
        // The store is away: the outcome waits here until it is back.
        await backoff.wait();
      }
    }
  }

  function leaveIfDone(id: string, remote: RemoteExecution): void {
    if (remote.attempts.size > 0 || executions.get(id) !== remote) return;
    leave(id, remote);
  }

  function end(id: string, remote: RemoteExecution, reason: string): void {
    remote.attempts.leaveOthers();
    remote.attempts.takeBack();
    remote.attempts.abort(reason);
    leaveIfDone(id, remote);
  }

  function leave(id: string, remote: RemoteExecution): void {
    executions.delete(id);
    remote.attempts.detach();
    for (const done of remote.waiting.values()) done();
  }

  return {
    keep(execution) {
      const remote = remoteFor(execution);
      remote.attempts.leaveOthers();
      leaveIfDone(execution.id, remote);
    },
    run(execution, attempt) {
      const remote = remoteFor(execution);
      remote.wanted = true;
      // Its handler may have gone since it was claimed; and at a clean end nothing starts any more: another instance shall run it.
      if (pool.handlers().has(attempt.handler)) remote.attempts.start(attempt);
      if (!remote.attempts.holds(attempt.node, attempt.attempt))
        return ended(execution.id, remote, attempt.node, attempt.attempt, 0, RELEASED);
      return new Promise((resolve) => void remote.waiting.set(`${attempt.node}/${attempt.attempt}`, resolve));
    },
    abort({ execution, node, attempt }) {
      executions.get(execution)?.attempts.abortOne(node, attempt, "Nobody waits for this attempt any more.");
    },
    giveBack() {
      for (const { attempts } of executions.values()) attempts.giveBack();
    },
    handBack(executionId) {
      const remote = executions.get(executionId);
      if (remote !== undefined) leave(executionId, remote);
    },
    noteOwn: (key) => own.note(key, key),
    lose(execution) {
      const remote = remoteFor(execution);
      remote.attempts.takeBack();
      for (const { node, attempt } of remote.attempts.begun()) remote.aborted.add(`${node}/${attempt}`);
      end(execution.id, remote, "Another instance owns this execution.");
      tellOfGone((key) => key.execution === execution.id);
    },
    discard(execution) {
      const remote = remoteFor(execution);
      remote.wanted = false;
      end(execution.id, remote, "The execution has ended.");
    },
    storeRestarted() {
      for (const command of outcomes.values()) void untilAnswered(command, () => true);
      tellOfGone(() => true);
    },
    idle: () => (sending === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
  };
}

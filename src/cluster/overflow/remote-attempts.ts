/**
 * What this instance runs for executions that are owned elsewhere: attempts that it claimed, and those that still ran
 * when their execution was handed over. Their outcomes become commands for the owner, each sent until the store has it.
 */
import type { Clock } from "../../env/clock.ts";
import { Recent } from "../../env/recent.ts";
import type { Attempt, AttemptKey, ExecutionRef, Pool } from "../../pool/pool.ts";
import { FORGOTTEN_MS_MAX, type LaneCommand } from "../../store/shared-store.ts";
import { OutcomeSender } from "./outcome-sender.ts";
import { RemoteExecution } from "./remote-execution.ts";

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

export function createRemoteAttempts(options: RemoteAttemptsOptions): RemoteAttempts {
  return new InstanceRemoteAttempts(options);
}

class InstanceRemoteAttempts implements RemoteAttempts {
  readonly #pool: Pool;
  readonly #sender: OutcomeSender;
  /** Attempts of executions that this instance owned, which it had for their owner of before. */
  readonly #own: Recent<AttemptKey>;
  readonly #executions = new Map<string, RemoteExecution>();

  constructor(options: RemoteAttemptsOptions) {
    this.#pool = options.pool;
    this.#sender = new OutcomeSender(options);
    this.#own = new Recent(options.clock, { keptMs: FORGOTTEN_MS_MAX });
  }

  keep(execution: ExecutionRef): void {
    this.#executionFor(execution).keep();
  }

  run(execution: ExecutionRef, attempt: Attempt): Promise<void> {
    return this.#executionFor(execution).run(attempt);
  }

  abort(key: AttemptKey): void {
    this.#executions.get(key.execution)?.abort(key);
  }

  giveBack(): void {
    for (const execution of this.#executions.values()) execution.giveBack();
  }

  handBack(executionId: string): void {
    this.#executions.get(executionId)?.leave();
  }

  noteOwn(key: AttemptKey): void {
    this.#own.note(key, key);
  }

  lose(execution: ExecutionRef): void {
    this.#executionFor(execution).lose();
    this.#tellOfGone((key) => key.execution === execution.id);
  }

  discard(execution: ExecutionRef): void {
    this.#executionFor(execution).discard();
  }

  storeRestarted(): void {
    this.#sender.sendAgain();
    this.#tellOfGone(() => true);
  }

  idle(): Promise<void> {
    return this.#sender.idle();
  }

  #executionFor(execution: ExecutionRef): RemoteExecution {
    const known = this.#executions.get(execution.id);
    if (known !== undefined) return known;
    const left = () => void this.#executions.delete(execution.id);
    const remote = new RemoteExecution({ execution, pool: this.#pool, sender: this.#sender, left });
    this.#executions.set(execution.id, remote);
    return remote;
  }

  /** What the log of another owner may say that this instance has, and it has not. */
  #tellOfGone(isMeant: (key: AttemptKey) => boolean): void {
    const isGone = (key: AttemptKey) => isMeant(key) && !this.#pool.overflow.holds(key);
    for (const key of this.#own.take(isGone)) this.#sender.tellReleased(key);
  }
}

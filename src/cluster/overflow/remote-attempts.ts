/**
 * Remote attempts: what this instance runs for executions that are owned elsewhere. These are attempts that it claimed, and attempts that
 * still ran when their execution was handed over. Their outcomes become commands for the owner, each sent until the store has it.
 */
import { Recent } from "../../env/recent.ts";
import type { Attempt, AttemptKey, ExecutionRef, Pool } from "../../pool/pool.ts";
import { FORGOTTEN_MS_MAX } from "../../store/shared-store.ts";
import { createKeptExecutions, type KeptExecutions } from "./kept-executions.ts";
import { type NamedAttempt, OutcomeSender, type OutcomeSenderOptions, type OwnAttempt } from "./outcome-sender.ts";
import { RemoteExecution } from "./remote-execution.ts";

export type { OwnAttempt } from "./outcome-sender.ts";

export type RemoteAttempts = {
  /** Lets what is in hand of this execution go on for its new owner. */
  keep(execution: ExecutionRef): void;
  /** Runs a claimed attempt. Resolves when its outcome is stored, or nobody here has it any more. */
  run(execution: ExecutionRef, attempt: Attempt): Promise<void>;
  /** Ends one attempt that is not wanted any more. */
  abort(key: AttemptKey): void;
  /** Reports what has not begun as released, for another instance to run. */
  giveBack(): void;
  /** Reports a claimed attempt that cannot run here as released. */
  release(execution: string, attempt: NamedAttempt): void;
  /** Gives an execution back that is owned here from now on: its supervisor attaches next. */
  handBack(executionId: string): void;
  /**
   * Notes that, by the log, this instance has this attempt of an execution that is owned here from now on. If the store forgets that, its
   * earlier owner waits for the attempt again: it is reported as released when nobody here has it any more.
   */
  noteOwn(attempt: OwnAttempt): void;
  /** The store took its outcome a short while ago: its owner of then has recorded it, or the owner of now reads it. */
  hasTold(attempt: OwnAttempt): boolean;
  /**
   * The execution went to another instance without a hand-over: what runs is aborted and reported as released, in case somebody waits for
   * it. What has completed is reported as completed.
   */
  lose(execution: ExecutionRef): void;
  /** The execution has ended: what runs is aborted, and no outcome is sent. */
  discard(execution: ExecutionRef): void;
  /** Tells everything again, because the store may have forgotten what it took last, and whose lanes are whose. */
  storeRestarted(): void;
  /** Resolves when no outcome waits to be stored. */
  idle(): Promise<void>;
};

export type RemoteAttemptsOptions = OutcomeSenderOptions & {
  readonly pool: Pool;
  /** Whether an execution's attempts are wanted: false if it was cancelled or is gone. Rejects if the store is away. */
  readonly isWanted: (executionId: string) => Promise<boolean>;
};

export function createRemoteAttempts(options: RemoteAttemptsOptions): RemoteAttempts {
  return new InstanceRemoteAttempts(options);
}

class InstanceRemoteAttempts implements RemoteAttempts {
  readonly #pool: Pool;
  readonly #sender: OutcomeSender;
  /** Attempts of executions that this instance owned, which it had for their earlier owner. */
  readonly #own: Recent<OwnAttempt>;
  readonly #executions = new Map<string, RemoteExecution>();
  readonly #kept: KeptExecutions;

  constructor(options: RemoteAttemptsOptions) {
    this.#pool = options.pool;
    this.#sender = new OutcomeSender(options);
    this.#own = new Recent(options.clock, { keptMs: FORGOTTEN_MS_MAX });
    const { clock, isWanted } = options;
    this.#kept = createKeptExecutions({ clock, isWanted, unwanted: (id) => this.#cancelled(id) });
  }

  keep(execution: ExecutionRef): void {
    this.#kept.add(execution.id);
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

  release(execution: string, attempt: NamedAttempt): void {
    this.#sender.tellReleased(execution, attempt);
  }

  handBack(executionId: string): void {
    this.#executions.get(executionId)?.leave();
  }

  noteOwn(attempt: OwnAttempt): void {
    this.#own.note(attempt, attempt);
  }

  hasTold(attempt: OwnAttempt): boolean {
    return this.#sender.hasSent(attempt);
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

  /** Ends what runs of a cancelled execution: its owner waits for nothing of it any more, unless the store forgets the cancel. */
  #cancelled(executionId: string): void {
    const remote = this.#executions.get(executionId);
    if (remote === undefined) return;
    for (const attempt of remote.begun()) this.noteOwn(attempt);
    remote.discard();
  }

  #executionFor(execution: ExecutionRef): RemoteExecution {
    const known = this.#executions.get(execution.id);
    if (known !== undefined) return known;
    const left = () => {
      this.#executions.delete(execution.id);
      this.#kept.remove(execution.id);
    };
    const remote = new RemoteExecution({ execution, pool: this.#pool, sender: this.#sender, left });
    this.#executions.set(execution.id, remote);
    return remote;
  }

  /** Reports attempts that another owner's log may say this instance has, and it has not. */
  #tellOfGone(isMeant: (key: AttemptKey) => boolean): void {
    const isGone = (key: AttemptKey) => isMeant(key) && !this.#pool.overflow.holds(key);
    for (const attempt of this.#own.take(isGone)) this.#sender.tellReleased(attempt.execution, attempt);
  }
}

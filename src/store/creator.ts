/**
 * The creator: it makes few transactions of many requests. One is in flight; what comes meanwhile is the next. A request waits only so
 * long: then it is answered that the store is away, and a resend finds what was created after all.
 */
import type { Clock } from "../env/clock.ts";
import { afterDeadline } from "../env/deadline.ts";
import { Backoff } from "../env/backoff.ts";
import type { Gathering } from "./gathering.ts";
import { type CreateAnswer, type NewExecution, type Store, StoreUnavailable } from "./store.ts";

export type CreatorOptions = {
  readonly store: Store;
  readonly clock: Clock;
  /** The rule for the time of the next transaction; without it, transactions are made at once. */
  readonly gathering?: Gathering | undefined;
  /** The time that a request waits for an answer. */
  readonly timeoutMs?: number;
  /** The number of requests that may wait, and the number that go into one transaction. */
  readonly waitingMax?: number;
  readonly batchMax?: number;
};

export interface Creator {
  /**
   * Creates an execution. Rejects with StoreUnavailable if the store does not answer in time (it may have been created) or too many wait
   * (it was not), and with RangeError if the store can never take it.
   */
  create(execution: NewExecution): Promise<CreateAnswer>;
  /** The store's answer when it last refused, a moment ago, if it has answered none since. Else null: another one may be tried. */
  readonly refusal: string | null;
  /** Since when the oldest request waits, by the monotonic clock; null if none does. */
  readonly waitingSinceMs: number | null;
}

const TIMEOUT_MS = 1_500;
/** The time for which a refusal counts. A client that waits for room sends nothing meanwhile, so only the next request can find out. */
const REFUSING_MS = 5_000;
const WAITING_MAX = 10_000;
const BATCH_MAX = 1_000;
const BYTES_MAX = 8 * 1024 * 1024;

export function createCreator(options: CreatorOptions): Creator {
  return new BatchingCreator(options);
}

type Request = {
  readonly execution: NewExecution;
  readonly sinceMs: number;
  readonly resolve: (answer: CreateAnswer) => void;
  readonly reject: (error: unknown) => void;
  /** Whether it is answered, or given up by its time limit. */
  settled: boolean;
  stopTimer: () => void;
};

class BatchingCreator implements Creator {
  readonly #options: CreatorOptions;
  readonly #backoff: Backoff;
  #waiting: Request[] = [];
  /** The requests that are sent and not answered. */
  #open: readonly Request[] = [];
  #running = false;
  /** The store's last refusal; null when it has answered since. */
  #trouble: StoreUnavailable | null = null;
  #troubleAtMs = 0;

  constructor(options: CreatorOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock);
  }

  create(execution: NewExecution): Promise<CreateAnswer> {
    const { clock, timeoutMs = TIMEOUT_MS, waitingMax = WAITING_MAX } = this.#options;
    if (this.#waiting.length >= waitingMax)
      return Promise.reject(new StoreUnavailable(`${waitingMax} new executions wait for the store already.`));
    return new Promise((resolve, reject) => {
      const request: Request = { execution, sinceMs: clock.monotonicMs(), resolve, reject, settled: false, stopTimer: NOTHING };
      request.stopTimer = afterDeadline(clock, timeoutMs, () =>
        fail(request, this.#trouble ?? new StoreUnavailable(`The store did not answer within ${timeoutMs} ms.`)),
      );
      this.#options.gathering?.submitted(execution.summary.id, execution.summary.triggeredAtMs === null);
      this.#waiting.push(request);
      if (this.#running) return;
      this.#running = true;
      queueMicrotask(() => void this.#run());
    });
  }

  get refusal(): string | null {
    if (this.#trouble === null) return null;
    return this.#options.clock.monotonicMs() - this.#troubleAtMs < REFUSING_MS ? this.#trouble.message : null;
  }

  get waitingSinceMs(): number | null {
    const oldest = this.#open.find(isWaiting) ?? this.#waiting.find(isWaiting);
    return oldest?.sinceMs ?? null;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const turn = this.#options.gathering?.turn() ?? null;
      if (turn !== null) await turn;
      this.#open = this.#takeBatch();
      await this.#createSome(this.#open);
      this.#open = [];
    }
    this.#running = false;
  }

  /** Takes a batch without requests that have given up: nothing is created after its client was told that it failed. */
  #takeBatch(): readonly Request[] {
    const { batchMax = BATCH_MAX } = this.#options;
    const batch: Request[] = [];
    let [bytes, taken] = [0, 0];
    for (const request of this.#waiting) {
      if (batch.length === batchMax || bytes > BYTES_MAX) break;
      taken++;
      if (request.settled) continue;
      batch.push(request);
      bytes += request.execution.definitionText.length + request.execution.chunk.text.length;
    }
    this.#waiting = this.#waiting.slice(taken);
    return batch;
  }

  async #createSome(batch: readonly Request[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      const { store, timeoutMs = TIMEOUT_MS } = this.#options;
      // The first has waited longest. The others are sent again if the store was too late for it.
      const untilMs = (batch[0] as Request).sinceMs + timeoutMs;
      const executions = batch.map(({ execution }) => execution);
      const answers = await store.create(executions, untilMs);
      this.#backoff.reset();
      this.#trouble = null;
      batch.forEach((request, at) => void succeed(request, answers[at] as CreateAnswer));
    } catch (error) {
      if (error instanceof StoreUnavailable) {
        this.#trouble = error;
        this.#troubleAtMs = this.#options.clock.monotonicMs();
        await this.#retry(batch);
      } else if (batch.length === 1) fail(batch[0] as Request, error);
      // One of them cannot be stored. Alone, it does not affect the others.
      else for (const request of batch) await this.#createSome([request]);
    }
  }

  async #retry(batch: readonly Request[]): Promise<void> {
    await this.#backoff.wait();
    this.#waiting = [...batch.filter((request) => !request.settled), ...this.#waiting];
  }
}

const NOTHING = () => undefined;

function isWaiting({ settled }: Request): boolean {
  return !settled;
}

function succeed(request: Request, answer: CreateAnswer): void {
  if (request.settled) return;
  request.settled = true;
  request.stopTimer();
  request.resolve(answer);
}

function fail(request: Request, error: unknown): void {
  if (request.settled) return;
  request.settled = true;
  request.stopTimer();
  request.reject(error);
}

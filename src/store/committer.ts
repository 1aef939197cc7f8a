/**
 * The committer: a lane's one writer. One commit is in flight; what is submitted meanwhile is the next batch. If commits have a price of
 * their own, one waits a moment for others that are under way (gathering.ts), and never if there are none. A commit that is not answered is
 * sent again, byte for byte, until it is: nothing else may be written under this epoch before its fate is known.
 */
import type { Clock } from "../env/clock.ts";
import { Backoff } from "../env/backoff.ts";
import type { Gathering } from "./gathering.ts";
import type { Commit, CommitAnswer, CommitEntry, CommandReceipt, EntryAnswer, Lease, Store } from "./store.ts";

/** What became of one entry. `fenced`: this owner writes no more; whether the entry was applied is not known. */
export type CommitResult = EntryAnswer | { readonly type: "fenced" };

export type CommitterOptions = {
  readonly store: Store;
  readonly lease: Lease;
  readonly clock: Clock;
  /** Called after each commit, in the log's order, with the entries that were applied: for the relay. */
  readonly onApplied?: (entries: readonly CommitEntry[], lease: Lease) => void;
  /** The rule for the time of the next commit; without it, commits are made at once. */
  readonly gathering?: Gathering | undefined;
  /** The largest batch. A larger entry goes alone. */
  readonly eventsMax?: number;
  readonly bytesMax?: number;
};

export interface Committer {
  /**
   * Submits an entry. Resolves when the store has answered, however long that takes. Entries of one execution are written in the order of
   * the calls.
   */
  submit(entry: CommitEntry): Promise<CommitResult>;
  /** Sends receipts of stored commands that changed nothing, with the next commit. */
  answer(receipts: readonly CommandReceipt[]): Promise<CommitResult>;
  /**
   * The reason why nothing can be written now: the store said so, or has been silent for 2 s, or the lease is lost. Null if all is well.
   */
  readonly blockedReason: string | null;
  /** Since when the oldest unanswered entry waits, by the monotonic clock; null if all are answered. */
  readonly waitingSinceMs: number | null;
  /** Whether another instance has the lease: this owner never writes again, and begins nothing. */
  readonly fenced: boolean;
  readonly lease: Lease;
  /**
   * Stops sending new commits, because the lease may have to be taken again. Resolves when nothing is open: with true if everything that
   * was sent is answered, with false if another instance has the lease.
   */
  pause(): Promise<boolean>;
  /** Goes on under this lease, which the same boot took again. */
  resume(lease: Lease): void;
  /** Stops writing for good: everything unanswered, and everything that comes later, is answered with `fenced`. */
  abandon(): void;
  /** Resolves when everything submitted is answered. */
  idle(): Promise<void>;
  /**
   * Writes what is submitted and, with the last of it, the mark of a clean end (without it if not `clean`: the next owner then counts this
   * one as dead). Later submissions are answered with `fenced`.
   */
  finish(clean?: boolean): Promise<"finished" | "fenced">;
}

const EVENTS_MAX = 4_000;
const BYTES_MAX = 4 * 1024 * 1024;
const SILENT_MS = 2_000;

export function createCommitter(options: CommitterOptions): Committer {
  return new LaneCommitter(options);
}

type Submission = { readonly entry: CommitEntry; readonly answer: (result: CommitResult) => void };
type Answering = { readonly receipts: readonly CommandReceipt[]; readonly answer: (result: CommitResult) => void };
type Batch = { readonly submissions: readonly Submission[]; readonly answerings: readonly Answering[] };

class LaneCommitter implements Committer {
  readonly #options: CommitterOptions;
  readonly #backoff: Backoff;
  #lease: Lease;
  #waiting: Submission[] = [];
  #answering: Answering[] = [];
  /** The batch that is sent and not answered. */
  #open: Batch | null = null;
  /** Since when the oldest open entry waits, and the oldest that waits to be sent. */
  #openSinceMs: number | null = null;
  #waitingSinceMs: number | null = null;
  #number = 0;
  #running = false;
  #paused = false;
  #fenced = false;
  #finishing = false;
  #clean = true;
  #finished = false;
  #sentAtMs: number | null = null;
  #trouble: string | null = null;
  #whenIdle: (() => void)[] = [];

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#lease = options.lease;
    this.#backoff = new Backoff(options.clock);
  }

  submit(entry: CommitEntry): Promise<CommitResult> {
    if (this.#fenced || this.#finishing) return Promise.resolve(FENCED);
    return new Promise((answer) => {
      this.#options.gathering?.submitted(entry.summary.id, entry.summary.closed);
      this.#waiting.push({ entry, answer });
      this.#waitingSinceMs ??= this.#options.clock.monotonicMs();
      this.#wake();
    });
  }

  answer(receipts: readonly CommandReceipt[]): Promise<CommitResult> {
    if (this.#fenced || this.#finishing) return Promise.resolve(FENCED);
    return new Promise((answer) => {
      this.#answering.push({ receipts, answer });
      this.#wake();
    });
  }

  get waitingSinceMs(): number | null {
    return this.#openSinceMs ?? this.#waitingSinceMs;
  }

  get fenced(): boolean {
    return this.#fenced;
  }

  get lease(): Lease {
    return this.#lease;
  }

  get blockedReason(): string | null {
    if (this.#fenced) return "Another instance has taken over.";
    if (this.#trouble !== null || this.#sentAtMs === null) return this.#trouble;
    const silentMs = Math.round(this.#options.clock.monotonicMs() - this.#sentAtMs);
    return silentMs < SILENT_MS ? null : `The store has not answered for ${silentMs} ms.`;
  }

  idle(): Promise<void> {
    return this.#running ? new Promise((resolve) => this.#whenIdle.push(resolve)) : Promise.resolve();
  }

  async pause(): Promise<boolean> {
    this.#paused = true;
    await this.idle();
    return !this.#fenced;
  }

  resume(lease: Lease): void {
    this.#lease = lease;
    this.#number = 0;
    this.#paused = false;
    this.#wake();
  }

  async finish(clean = true): Promise<"finished" | "fenced"> {
    this.#finishing = true;
    this.#clean = clean;
    this.#wake();
    await this.idle();
    return this.#fenced ? "fenced" : "finished";
  }

  abandon(): void {
    this.#fenced = true;
    const open = this.#open;
    this.#open = null;
    this.#openSinceMs = null;
    this.#waitingSinceMs = null;
    for (const batch of [open, { submissions: this.#waiting.splice(0), answerings: this.#answering.splice(0) }]) {
      for (const submission of batch?.submissions ?? []) submission.answer(FENCED);
      for (const { answer } of batch?.answerings ?? []) answer(FENCED);
    }
  }

  #wake(): void {
    if (this.#running) return;
    this.#running = true;
    // In the next microtask, so that everything that is submitted at once is one commit.
    queueMicrotask(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (this.#hasWork()) {
      const turn = this.#finishing ? null : (this.#options.gathering?.turn() ?? null);
      if (turn !== null) await turn;
      // Meanwhile it may have been told to stop writing.
      if (!this.#hasWork()) break;
      const batch = this.#takeBatch();
      const isLast = this.#finishing && this.#waiting.length === 0;
      const answer = await this.#send(batch, isLast && this.#clean);
      if (isLast) this.#finished = true;
      this.#tell(batch, answer);
    }
    this.#running = false;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #hasWork(): boolean {
    if (this.#fenced || this.#paused) return false;
    return this.#waiting.length > 0 || this.#answering.length > 0 || (this.#finishing && !this.#finished);
  }

  #takeBatch(): Batch {
    const { eventsMax = EVENTS_MAX, bytesMax = BYTES_MAX } = this.#options;
    const waiting = this.#waiting;
    let [events, bytes, size] = [0, 0, 0];
    for (; size < waiting.length; size++) {
      const { entry } = waiting[size] as Submission;
      events += entry.chunk.to - entry.chunk.from + 1;
      bytes += sizeOf(entry);
      if (size > 0 && (events > eventsMax || bytes > bytesMax)) break;
    }
    this.#waiting = waiting.slice(size);
    this.#openSinceMs = this.#waitingSinceMs;
    // The entries that stay came a little later: the batch was full.
    if (size === waiting.length) this.#waitingSinceMs = null;
    return { submissions: size === waiting.length ? waiting : waiting.slice(0, size), answerings: this.#answering.splice(0) };
  }

  async #send(batch: Batch, cleanEnd: boolean): Promise<CommitAnswer> {
    const { store, clock } = this.#options;
    const { bootId, epoch, lane } = this.#lease;
    const id = { bootId, epoch, number: ++this.#number };
    const receipts = batch.answerings.flatMap((each) => each.receipts);
    const entries = batch.submissions.map(({ entry }) => entry);
    const commit: Commit = receipts.length === 0 ? { id, entries, cleanEnd } : { id, entries, receipts, cleanEnd };
    this.#open = batch;
    while (!this.#fenced) {
      this.#sentAtMs ??= clock.monotonicMs();
      try {
        const answer = await store.commit(lane, commit);
        this.#trouble = null;
        this.#sentAtMs = null;
        this.#backoff.reset();
        return answer;
      } catch (error) {
        // Whatever went wrong, the commit may have been applied. Only sending the same again can tell.
        this.#trouble = error instanceof Error ? error.message : String(error);
        await this.#backoff.wait();
      }
    }
    return { type: "fenced" };
  }

  #tell({ submissions, answerings }: Batch, answer: CommitAnswer): void {
    // Abandoned entries are answered already.
    if (this.#open === null) return;
    if (answer.type === "fenced") return this.abandon();
    this.#open = null;
    this.#openSinceMs = null;
    const applied: CommitEntry[] = [];
    for (let at = 0; at < submissions.length; at++) {
      const submission = submissions[at] as Submission;
      const result = answer.entries[at] as EntryAnswer;
      if (result.type === "applied") applied.push(submission.entry);
      submission.answer(result);
    }
    for (const each of answerings) each.answer(APPLIED);
    if (applied.length > 0) this.#publish(applied);
  }

  /** Tells the listener. Its fault is a bug that the process must report; the lane goes on. */
  #publish(applied: readonly CommitEntry[]): void {
    try {
      this.#options.onApplied?.(applied, this.#lease);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

const FENCED: CommitResult = { type: "fenced" };
const APPLIED: CommitResult = { type: "applied" };

/** The approximate size in bytes: most texts have one byte per character. */
function sizeOf(entry: CommitEntry): number {
  let size = entry.chunk.text.length;
  for (const { text } of entry.large) size += text.length;
  return size;
}

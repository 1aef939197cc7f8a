/**
 * A lane's one writer. One commit is in flight; what is submitted meanwhile is the next batch, so a group commit needs
 * no timer. A commit that is not answered is sent again, the very same bytes, until it is: nothing else may be written
 * under this epoch before the fate of that one is known.
 */
import type { Clock } from "../env/clock.ts";
import { Backoff } from "./backoff.ts";
import type { Commit, CommitAnswer, CommitEntry, EntryAnswer, Lease, Store } from "./store.ts";

/** What became of one entry. `fenced`: this owner writes no more; whether the entry was applied is not known. */
export type CommitResult = EntryAnswer | { readonly type: "fenced" };

export type CommitterOptions = {
  readonly store: Store;
  readonly lease: Lease;
  readonly clock: Clock;
  /** Told after each commit, in the log's order, with the entries that were applied: for the relay. */
  readonly onApplied?: (entries: readonly CommitEntry[]) => void;
  /** A batch holds at most so much; an entry that is larger goes alone. */
  readonly eventsMax?: number;
  readonly bytesMax?: number;
};

export interface Committer {
  /** Resolves when the store has answered, however long that takes. Entries of one execution in the order of their calls. */
  submit(entry: CommitEntry): Promise<CommitResult>;
  /** Why nothing can be written now: the store said so, or has been silent for 2 s, or the lease is lost. Null where all is well. */
  readonly holding: string | null;
  /** The lease is another's: this owner never writes again, and shall begin nothing. */
  readonly fenced: boolean;
  /** Resolves when nothing is submitted that is not answered. */
  idle(): Promise<void>;
  /**
   * Writes what is submitted and, with the last of it, the mark of a clean end (none where not `clean`: the next owner
   * takes this one for dead). Later submissions are told `fenced`.
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

class LaneCommitter implements Committer {
  readonly #options: CommitterOptions;
  readonly #backoff: Backoff;
  #waiting: Submission[] = [];
  #number = 0;
  #running = false;
  #fenced = false;
  #finishing = false;
  #clean = true;
  #finished = false;
  #sentAtMs: number | null = null;
  #trouble: string | null = null;
  #whenIdle: (() => void)[] = [];

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock);
  }

  submit(entry: CommitEntry): Promise<CommitResult> {
    if (this.#fenced || this.#finishing) return Promise.resolve(FENCED);
    return new Promise((answer) => {
      this.#waiting.push({ entry, answer });
      this.#wake();
    });
  }

  get fenced(): boolean {
    return this.#fenced;
  }

  get holding(): string | null {
    if (this.#fenced) return "Another instance has taken over.";
    if (this.#trouble !== null || this.#sentAtMs === null) return this.#trouble;
    const silentMs = this.#options.clock.nowMs() - this.#sentAtMs;
    return silentMs < SILENT_MS ? null : `The store has not answered for ${silentMs} ms.`;
  }

  idle(): Promise<void> {
    return this.#running ? new Promise((resolve) => this.#whenIdle.push(resolve)) : Promise.resolve();
  }

  async finish(clean = true): Promise<"finished" | "fenced"> {
    this.#finishing = true;
    this.#clean = clean;
    this.#wake();
    await this.idle();
    return this.#fenced ? "fenced" : "finished";
  }

  #wake(): void {
    if (this.#running) return;
    this.#running = true;
    // In the next microtask, so that all that is submitted in one go is one commit.
    queueMicrotask(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (!this.#fenced && (this.#waiting.length > 0 || (this.#finishing && !this.#finished))) {
      const batch = this.#takeBatch();
      const isLast = this.#finishing && this.#waiting.length === 0;
      const answer = await this.#send(batch, isLast && this.#clean);
      if (isLast) this.#finished = true;
      this.#tell(batch, answer);
    }
    this.#running = false;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #takeBatch(): readonly Submission[] {
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
    return size === waiting.length ? waiting : waiting.slice(0, size);
  }

  async #send(batch: readonly Submission[], cleanEnd: boolean): Promise<CommitAnswer> {
    const { store, lease, clock } = this.#options;
    const id = { bootId: lease.bootId, epoch: lease.epoch, number: ++this.#number };
    const commit: Commit = { id, entries: batch.map(({ entry }) => entry), cleanEnd };
    for (;;) {
      this.#sentAtMs ??= clock.nowMs();
      try {
        const answer = await store.commit(lease.lane, commit);
        this.#trouble = null;
        this.#sentAtMs = null;
        this.#backoff.reset();
        return answer;
      } catch (error) {
        // Whatever went wrong, the commit may have been applied: only the same again can tell.
        this.#trouble = error instanceof Error ? error.message : String(error);
        await this.#backoff.wait();
      }
    }
  }

  #tell(batch: readonly Submission[], answer: CommitAnswer): void {
    if (answer.type === "fenced") {
      this.#fenced = true;
      for (const submission of [...batch, ...this.#waiting]) submission.answer(FENCED);
      this.#waiting = [];
      return;
    }
    const applied: CommitEntry[] = [];
    for (let at = 0; at < batch.length; at++) {
      const submission = batch[at] as Submission;
      const result = answer.entries[at] as EntryAnswer;
      if (result.type === "applied") applied.push(submission.entry);
      submission.answer(result);
    }
    if (applied.length > 0) this.#publish(applied);
  }

  /** A listener's fault is a bug that the process shall hear of; the lane goes on. */
  #publish(applied: readonly CommitEntry[]): void {
    try {
      this.#options.onApplied?.(applied);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

const FENCED: CommitResult = { type: "fenced" };

/** Roughly, in bytes: most texts hold one byte a character. */
function sizeOf(entry: CommitEntry): number {
  let size = entry.chunk.text.length;
  for (const { text } of entry.large) size += text.length;
  return size;
}

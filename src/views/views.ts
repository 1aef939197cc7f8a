/**
 * The read model: states of executions, folded from the log by the same `evolve` that their supervisors use, kept by
 * sequence and advanced by new chunks. It asks only the store, so a reader sees what is durable.
 */
import type { Clock } from "../env/clock.ts";
import type { Turns } from "../env/turns.ts";
import { evolve } from "../workflow/execution/evolve.ts";
import { UnknownForm } from "../workflow/execution/level.ts";
import type { Plan } from "../workflow/plan/plan.ts";
import { type ExecutionState, initialState } from "../workflow/execution/state.ts";
import { BoundedCache } from "../env/bounded-cache.ts";
import { decode } from "../store/codec/codec.ts";
import { type Chunk, type Store, StoreUnavailable, type Summary } from "../store/store.ts";

export type ViewsOptions = {
  readonly store: Store;
  /** Compiles the text of a stored definition to its plan. */
  readonly compile: (definitionText: string) => Plan | Promise<Plan>;
  readonly clock: Clock;
  readonly turns: Turns;
  /** The approximate memory of the kept states, with their outputs. */
  readonly bytesMax?: number;
  /** The approximate memory of the kept plans, counted by the definitions' texts. */
  readonly planBytesMax?: number;
};

export interface Views {
  /**
   * The execution as the store has it when this is called, or later; null if there is none. The state is shared and advances
   * with later reads: take what you need before you await again. Rejects with StoreUnavailable, also if a newer build wrote it and
   * this one cannot read it.
   */
  stateOf(executionId: string): Promise<StoredState | null>;
  /** The plan of a stored definition, by its hash: at once if it is kept, else soon. */
  planOf(hash: string, definitionText: string): Plan | Promise<Plan>;
  /** Ends the keeping of states. */
  close(): void;
}

export type StoredState = { readonly state: ExecutionState; readonly plan: Plan; readonly summary: Summary };

/**
 * The default of `bytesMax`. The newest state stays in any case: one wide execution that is read again and again is not
 * folded each time.
 */
const BYTES_MAX = 32 * 1024 * 1024;
const PLAN_BYTES_MAX = 64 * 1024 * 1024;
/** The memory that a node takes in a state's columns, with an output that is a slice of its chunk. */
const NODE_BYTES = 200;
/** The time without reads after which the kept states are dropped. */
const IDLE_MS = 60_000;
/** The events after which others have a turn: a few milliseconds. */
const EVENTS_PER_TURN = 4_000;

export function createViews(options: ViewsOptions): Views {
  return new LogViews(options);
}

type Kept = StoredState & { readonly bytes: number };
/** The reads of one execution. One is under way; whoever asks meanwhile shares the next one, which sees everything that is durable now. */
type Reads = { readonly current: Promise<Kept | null>; next: Promise<Kept | null> | null };

class LogViews implements Views {
  readonly #options: ViewsOptions;
  readonly #states: BoundedCache<Kept>;
  readonly #plans: BoundedCache<Plan>;
  /** Large definitions that are being compiled, by hash. */
  readonly #compiling = new Map<string, Promise<Plan>>();
  readonly #reads = new Map<string, Reads>();
  #readAtMs = 0;
  #cancelIdle: (() => void) | null = null;

  constructor(options: ViewsOptions) {
    this.#options = options;
    this.#states = new BoundedCache(options.bytesMax ?? BYTES_MAX);
    this.#plans = new BoundedCache(options.planBytesMax ?? PLAN_BYTES_MAX);
  }

  planOf(hash: string, definitionText: string): Plan | Promise<Plan> {
    const kept = this.#plans.get(hash) ?? this.#compiling.get(hash);
    if (kept !== undefined) return kept;
    const plan = this.#options.compile(definitionText);
    if (!(plan instanceof Promise)) return this.#keep(hash, plan, definitionText.length);
    const compiling = plan
      .then((compiled) => this.#keep(hash, compiled, definitionText.length))
      .finally(() => this.#compiling.delete(hash));
    this.#compiling.set(hash, compiling);
    return compiling;
  }

  #keep(hash: string, plan: Plan, length: number): Plan {
    this.#plans.set(hash, plan, length);
    return plan;
  }

  close(): void {
    this.#cancelIdle?.();
    this.#states.clear();
  }

  stateOf(executionId: string): Promise<StoredState | null> {
    this.#readAtMs = this.#options.clock.monotonicMs();
    if (this.#cancelIdle === null) this.#forgetIn(IDLE_MS);
    const reads = this.#reads.get(executionId);
    if (reads === undefined) return this.#begin(executionId);
    const again = () => this.#begin(executionId);
    reads.next ??= reads.current.then(again, again);
    return reads.next;
  }

  #forgetIn(delayMs: number): void {
    const { clock } = this.#options;
    this.#cancelIdle = clock.after(delayMs, () => {
      this.#cancelIdle = null;
      const leftMs = this.#readAtMs + IDLE_MS - clock.monotonicMs();
      if (leftMs > 0) this.#forgetIn(leftMs);
      else this.#states.clear();
    });
  }

  #begin(executionId: string): Promise<Kept | null> {
    const current = this.#read(executionId);
    const reads: Reads = { current, next: null };
    this.#reads.set(executionId, reads);
    const end = () => {
      if (reads.next === null) this.#reads.delete(executionId);
    };
    current.then(end, end);
    return current;
  }

  async #read(executionId: string): Promise<Kept | null> {
    const kept = this.#states.get(executionId);
    const read = await this.#readOn(executionId, kept).catch(unreadable);
    if (read === null) this.#states.delete(executionId);
    else this.#states.set(executionId, read, read.bytes);
    return read;
  }

  async #readOn(executionId: string, kept: Kept | undefined): Promise<Kept | null> {
    return (kept && (await this.#advance(kept))) ?? (await this.#load(executionId));
  }

  /** The kept state with the new chunks applied; null if it does not belong to what the store has now. */
  async #advance(kept: Kept): Promise<Kept | null> {
    const { store } = this.#options;
    const { id } = kept.summary;
    const [chunks, summary] = await Promise.all([store.chunksAfter(id, kept.state.sequence), store.summary(id)]);
    // Retention has deleted the execution, or it was created again under the same id.
    if (summary === null || summary.createdAtMs !== kept.summary.createdAtMs || summary.definition !== kept.summary.definition) return null;
    if (chunks.length > 0 && chunks[0]?.from !== kept.state.sequence + 1) return null;
    await this.#fold(kept.state, chunks);
    return { ...kept, summary, bytes: kept.bytes + bytesOf(chunks) };
  }

  async #load(executionId: string): Promise<Kept | null> {
    const stored = await this.#options.store.load(executionId);
    if (stored === null) return null;
    const plan = await this.planOf(stored.summary.definition, stored.definitionText);
    const state = initialState(plan);
    await this.#fold(state, stored.chunks);
    return { state, plan, summary: stored.summary, bytes: plan.ids.length * NODE_BYTES + bytesOf(stored.chunks) };
  }

  /** Folds chunks in slices, so that a long log does not block others. */
  async #fold(state: ExecutionState, chunks: readonly Chunk[]): Promise<void> {
    let events = 0;
    for (const chunk of chunks) {
      if (events >= EVENTS_PER_TURN) {
        await new Promise<void>((resolve) => this.#options.turns.run(resolve));
        events = 0;
      }
      decode(chunk.text, state.plan, (event) => evolve(state, event));
      events += chunk.to - chunk.from + 1;
    }
  }
}

/** Whoever asks an instance of that build can have it. */
function unreadable(error: unknown): never {
  throw error instanceof UnknownForm ? new StoreUnavailable(error.message) : error;
}

function bytesOf(chunks: readonly Chunk[]): number {
  return chunks.reduce((bytes, { text }) => bytes + text.length, 0);
}

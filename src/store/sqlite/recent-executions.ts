/**
 * The executions that this process wrote last, as the file has them. Reading one of them needs no message to the SQLite thread and waits
 * behind no commit that is being synced. Nobody else writes the file (its lock sees to that), so what was written here and answered is what
 * is there. Only small executions are kept: a large one gains little and would stay in memory.
 */
import { BoundedCache } from "../../env/bounded-cache.ts";
import type { Chunk, CommitEntry, NewExecution, StoredExecution, Summary } from "../store.ts";

type Recent = Omit<StoredExecution, "summary" | "chunks"> & { summary: Summary; readonly chunks: Chunk[]; characters: number };

/** The size of all that is kept. */
export const RECENT_CHARACTERS: number = 16 * 1024 * 1024;
const OF_ONE_MAX = 64 * 1024;
/** The size of an execution beside its texts, and of a chunk beside its own. */
const EXECUTION_COST = 1_024;
const CHUNK_COST = 64;

/** The executions. If they are too many, those go first that were not written to for the longest. */
export class RecentExecutions {
  readonly #ofOneMax: number;
  readonly #kept: BoundedCache<Recent>;

  /** `charactersMax` 0: nothing is kept. */
  constructor(charactersMax: number) {
    this.#ofOneMax = Math.min(OF_ONE_MAX, charactersMax / 2);
    this.#kept = new BoundedCache(charactersMax);
  }

  load(executionId: string): StoredExecution | null {
    const kept = this.#kept.peek(executionId);
    if (kept === undefined) return null;
    const { summary, definitionText, bodyHash, chunks } = kept;
    return { summary, definitionText, bodyHash, chunks: chunks.slice() };
  }

  summary(executionId: string): Summary | null {
    return this.#kept.peek(executionId)?.summary ?? null;
  }

  /** The chunks after a sequence; null if the execution is not kept. */
  chunksAfter(executionId: string, sequence: number): readonly Chunk[] | null {
    const kept = this.#kept.peek(executionId);
    if (kept === undefined) return null;
    let first = kept.chunks.length;
    while (first > 0 && (kept.chunks[first - 1] as Chunk).to > sequence) first--;
    return kept.chunks.slice(first);
  }

  /** Notes that the file has the execution, and had nothing under its id before. */
  created({ summary, chunk, definitionText, bodyHash, earlier }: NewExecution): void {
    if (earlier !== undefined) return;
    const characters = EXECUTION_COST + definitionText.length + chunk.text.length;
    this.#keep({ summary, definitionText, bodyHash, chunks: [chunk], characters });
  }

  /** Notes that the file has the entry. It may be told so again. */
  committed({ summary, chunk }: CommitEntry): void {
    const { id } = summary;
    const kept = this.#kept.peek(id);
    if (kept === undefined || kept.summary.sequence === chunk.to) return;
    if (kept.summary.sequence !== chunk.from - 1) return this.#kept.delete(id);
    kept.summary = summary;
    kept.chunks.push(chunk);
    kept.characters += chunk.text.length + CHUNK_COST;
    this.#keep(kept);
  }

  /** Forgets executions of which the last write is unsure, or which are gone from the file. */
  forget(executionIds: readonly string[]): void {
    for (const id of executionIds) this.#kept.delete(id);
  }

  #keep(execution: Recent): void {
    const { id } = execution.summary;
    if (execution.characters > this.#ofOneMax) this.#kept.delete(id);
    else this.#kept.set(id, execution, execution.characters);
  }
}

/**
 * The executions that this process wrote last, as the file has them: reading one of these needs no message to the SQLite
 * thread, and waits behind no commit that is being synced. Nobody else writes the file (its lock sees to that), so what was
 * written here and answered is what is there. Small executions only: a large one gains little, and would stay in memory.
 */
import { BoundedCache } from "../../env/bounded-cache.ts";
import type { Chunk, CommitEntry, NewExecution, StoredExecution, Summary } from "../store.ts";

type Recent = Omit<StoredExecution, "summary" | "chunks"> & { summary: Summary; readonly chunks: Chunk[]; characters: number };

/** Of all that is kept. */
export const RECENT_CHARACTERS: number = 16 * 1024 * 1024;
const OF_ONE_MAX = 64 * 1024;
/** What an execution takes beside its texts, and a chunk beside its own. */
const EXECUTION_COST = 1_024;
const CHUNK_COST = 64;

/** Where they are too many, those go first that were not written to for the longest. */
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

  /** Null where the execution is not kept. */
  chunksAfter(executionId: string, sequence: number): readonly Chunk[] | null {
    const kept = this.#kept.peek(executionId);
    if (kept === undefined) return null;
    let first = kept.chunks.length;
    while (first > 0 && (kept.chunks[first - 1] as Chunk).to > sequence) first--;
    return kept.chunks.slice(first);
  }

  /** The file has it, and had nothing under its id before. */
  created({ summary, chunk, definitionText, bodyHash, earlier }: NewExecution): void {
    if (earlier !== undefined) return;
    const characters = EXECUTION_COST + definitionText.length + chunk.text.length;
    this.#keep({ summary, definitionText, bodyHash, chunks: [chunk], characters });
  }

  /** The file has it; it may be told so again. */
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

  /** Whether the file has what was last written to these is not known, or they are gone from it. */
  forget(executionIds: readonly string[]): void {
    for (const id of executionIds) this.#kept.delete(id);
  }

  #keep(execution: Recent): void {
    const { id } = execution.summary;
    if (execution.characters > this.#ofOneMax) this.#kept.delete(id);
    else this.#kept.set(id, execution, execution.characters);
  }
}

/**
 * The executions that this process wrote last, as the file has them: reading one of these needs no message to the SQLite
 * thread, and waits behind no commit that is being synced. Nobody else writes the file (its lock sees to that), so what was
 * written here and answered is what is there. Small executions only: a large one gains little, and would stay in memory.
 */
import type { Chunk, CommitEntry, NewExecution, StoredExecution, Summary } from "../store.ts";

type Recent = Omit<StoredExecution, "summary" | "chunks"> & { summary: Summary; readonly chunks: Chunk[]; characters: number };

/** Of all that is kept. */
export const RECENT_CHARACTERS: number = 16 * 1024 * 1024;
const OF_ONE_MAX = 64 * 1024;
/** What an execution takes beside its texts, and a chunk beside its own. */
const EXECUTION_COST = 1_024;
const CHUNK_COST = 64;

/** Two generations: a new one begins when this one is full, and what was not written to since the last change then goes. */
export class RecentExecutions {
  readonly #generationMax: number;
  #young = new Map<string, Recent>();
  #old = new Map<string, Recent>();
  #youngCharacters = 0;

  /** `charactersMax` 0: nothing is kept. */
  constructor(charactersMax: number) {
    this.#generationMax = charactersMax / 2;
  }

  load(executionId: string): StoredExecution | null {
    const kept = this.#get(executionId);
    if (kept === undefined) return null;
    const { summary, definitionText, bodyHash, chunks } = kept;
    return { summary, definitionText, bodyHash, chunks: chunks.slice() };
  }

  summary(executionId: string): Summary | null {
    return this.#get(executionId)?.summary ?? null;
  }

  /** Null where the execution is not kept. */
  chunksAfter(executionId: string, sequence: number): readonly Chunk[] | null {
    const kept = this.#get(executionId);
    if (kept === undefined) return null;
    let first = kept.chunks.length;
    while (first > 0 && (kept.chunks[first - 1] as Chunk).to > sequence) first--;
    return kept.chunks.slice(first);
  }

  /** The file has it, and had nothing under its id before. */
  created({ summary, chunk, definitionText, bodyHash, earlier }: NewExecution): void {
    if (earlier !== undefined) return;
    const characters = EXECUTION_COST + definitionText.length + chunk.text.length;
    this.#keep({ summary, definitionText, bodyHash, chunks: [chunk], characters }, characters);
  }

  /** The file has it; it may be told so again. */
  committed({ summary, chunk }: CommitEntry): void {
    const { id } = summary;
    const young = this.#young.get(id);
    const kept = young ?? this.#old.get(id);
    if (kept === undefined || kept.summary.sequence === chunk.to) return;
    if (kept.summary.sequence !== chunk.from - 1) return this.#forget(id);
    const more = chunk.text.length + CHUNK_COST;
    kept.summary = summary;
    kept.chunks.push(chunk);
    kept.characters += more;
    this.#keep(kept, young === undefined ? kept.characters : more);
  }

  /** Whether the file has what was last written to these is not known, or they are gone from it. */
  forget(executionIds: readonly string[]): void {
    for (const id of executionIds) this.#forget(id);
  }

  #get(executionId: string): Recent | undefined {
    return this.#young.get(executionId) ?? this.#old.get(executionId);
  }

  /** `more`: the characters that are new in this generation. */
  #keep(execution: Recent, more: number): void {
    const { id } = execution.summary;
    if (execution.characters > Math.min(OF_ONE_MAX, this.#generationMax)) return this.#forget(id);
    if (this.#youngCharacters + more > this.#generationMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCharacters = 0;
    }
    this.#young.set(id, execution);
    this.#youngCharacters += more;
  }

  #forget(executionId: string): void {
    this.#young.delete(executionId);
    this.#old.delete(executionId);
  }
}

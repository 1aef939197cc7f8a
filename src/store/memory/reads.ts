/** Reads of executions in this process's memory: the same for every store there, whoever may write to them. */
import { type Chunk, type ListQuery, StoreUnavailable, type StoredExecution, type Summary } from "../store.ts";
import { listed, type MemoryRows } from "./rows.ts";

export abstract class MemoryReads<Files extends MemoryRows> {
  readonly #files: Files;
  #closed = false;

  constructor(files: Files) {
    this.#files = files;
  }

  async load(executionId: string): Promise<StoredExecution | null> {
    const { executions, definitions } = this.open();
    const kept = executions.get(executionId);
    if (kept === undefined) return null;
    const definitionText = definitions.get(kept.summary.definition)?.text ?? "";
    return { summary: kept.summary, definitionText, bodyHash: kept.bodyHash, chunks: kept.chunks.slice() };
  }

  async chunksAfter(executionId: string, sequence: number): Promise<readonly Chunk[]> {
    const chunks = this.open().executions.get(executionId)?.chunks ?? [];
    let first = chunks.length;
    while (first > 0 && (chunks[first - 1] as Chunk).to > sequence) first--;
    return chunks.slice(first);
  }

  async summary(executionId: string): Promise<Summary | null> {
    return this.open().executions.get(executionId)?.summary ?? null;
  }

  async large(executionId: string, keys: readonly string[]): Promise<readonly (string | null)[]> {
    const large = this.open().executions.get(executionId)?.large;
    return keys.map((key) => large?.get(key) ?? null);
  }

  async list(query: ListQuery): Promise<readonly Summary[]> {
    return listed(this.open(), query);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  /** The files. Throws StoreUnavailable once the store is closed. */
  protected open(): Files {
    if (this.#closed) throw new StoreUnavailable("The store is closed.");
    return this.#files;
  }
}

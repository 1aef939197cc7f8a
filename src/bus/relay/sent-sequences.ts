/**
 * The stream's progress for each execution, as far as this relay knows it. It shows whether a store that came back with
 * older data is behind the stream. What a store can lose is recent, so only what was sent last is remembered: in two
 * generations, because keeping a thousand in order costs more than remembering two thousand.
 */

const EXECUTIONS_MAX = 1_000;

export class SentSequences {
  readonly #executionsMax: number;
  #young = new Map<string, number>();
  #old = new Map<string, number>();

  /** Remembers at least so many executions. */
  constructor(executionsMax = EXECUTIONS_MAX) {
    this.#executionsMax = executionsMax;
  }

  /** The stream has the execution up to this sequence, or further. */
  reached(execution: string, sequence: number): void {
    const before = this.#young.get(execution) ?? this.#old.get(execution) ?? 0;
    this.#young.set(execution, Math.max(before, sequence));
    if (this.#young.size < this.#executionsMax) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** The stream was told that the execution is back at this sequence. */
  rewound(execution: string, sequence: number): void {
    this.#young.set(execution, sequence);
  }

  /** The progress of the execution is not known. */
  forget(execution: string): void {
    this.#young.delete(execution);
    this.#old.delete(execution);
  }

  /** The executions that were sent last, and their sequences. */
  recent(): readonly (readonly [execution: string, sequence: number])[] {
    return [...new Map([...this.#old, ...this.#young])];
  }
}

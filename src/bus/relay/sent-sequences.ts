/**
 * How far the stream is, by execution, as far as this relay knows. It tells whether a store that came back with an older
 * past is behind the stream. What a store can lose so is recent, so only what was sent last is remembered: two generations,
 * since to keep the order of a thousand costs more than to remember two thousand.
 */

const EXECUTIONS_MAX = 1_000;

export class SentSequences {
  readonly #executionsMax: number;
  #young = new Map<string, number>();
  #old = new Map<string, number>();

  /** Remembers at least as many executions. */
  constructor(executionsMax = EXECUTIONS_MAX) {
    this.#executionsMax = executionsMax;
  }

  /** The stream has it up to this sequence, or further. */
  reached(execution: string, sequence: number): void {
    const before = this.#young.get(execution) ?? this.#old.get(execution) ?? 0;
    this.#young.set(execution, Math.max(before, sequence));
    if (this.#young.size < this.#executionsMax) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** It is back there: the stream is told so. */
  rewound(execution: string, sequence: number): void {
    this.#young.set(execution, sequence);
  }

  /** It is not known how far it is. */
  forget(execution: string): void {
    this.#young.delete(execution);
    this.#old.delete(execution);
  }

  /** What was sent last, and how far. */
  recent(): readonly (readonly [execution: string, sequence: number])[] {
    return [...new Map([...this.#old, ...this.#young])];
  }
}

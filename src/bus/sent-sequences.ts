/**
 * How far the stream is, by execution, as far as this relay knows. It tells whether a store that came back with an older
 * past is behind the stream. What a store can lose so is recent, so only what was sent last is remembered.
 */

export type SentSequences = {
  /** The stream has it up to this sequence, or further. */
  reached(execution: string, sequence: number): void;
  /** It is back there: the stream is told so. */
  rewound(execution: string, sequence: number): void;
  /** What was sent last, and how far. */
  recent(): readonly (readonly [execution: string, sequence: number])[];
};

const EXECUTIONS_MAX = 1_000;

export function createSentSequences(executionsMax = EXECUTIONS_MAX): SentSequences {
  /** The one that was sent last stands last. */
  const sequences = new Map<string, number>();
  return {
    reached(execution, sequence) {
      const before = sequences.get(execution) ?? 0;
      sequences.delete(execution);
      sequences.set(execution, Math.max(before, sequence));
      if (sequences.size <= executionsMax) return;
      for (const oldest of sequences.keys()) {
        sequences.delete(oldest);
        return;
      }
    },
    rewound: (execution, sequence) => void sequences.set(execution, sequence),
    recent: () => [...sequences],
  };
}

/**
 * How far the stream is, by execution, as far as this relay knows. It tells whether a store that came back with an older
 * past is behind the stream. What a store can lose so is recent, so only what was sent last is remembered.
 */

export type SentSequences = {
  /** 0 where it is not known. */
  of(execution: string): number;
  set(execution: string, sequence: number): void;
};

const EXECUTIONS_MAX = 10_000;

export function createSentSequences(executionsMax = EXECUTIONS_MAX): SentSequences {
  /** The one that was sent last stands last. */
  const sequences = new Map<string, number>();
  return {
    of: (execution) => sequences.get(execution) ?? 0,
    set(execution, sequence) {
      sequences.delete(execution);
      sequences.set(execution, sequence);
      if (sequences.size <= executionsMax) return;
      for (const oldest of sequences.keys()) {
        sequences.delete(oldest);
        return;
      }
    },
  };
}

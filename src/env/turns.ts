/** The event loop's next turn, as a seam: a simulation decides in which order turns come. */
export interface Turns {
  /** Runs `turn` later, never within this call. */
  run(turn: () => void): void;
}

export const systemTurns: Turns = { run: (turn) => void setImmediate(turn) };

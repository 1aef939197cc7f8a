/** The event loop's next turn, as a seam: a simulation decides in which order turns come. */
export interface Turns {
  /** Runs `turn` later, never within this call. Turns come in the order of their calls; several may follow one another at once. */
  run(turn: () => void): void;
}

/**
 * The machine's turns. All turns that are due run together: what they submit in the same moment is one commit, and one
 * message to a thread.
 */
class SystemTurns implements Turns {
  #due: (() => void)[] = [];

  run(turn: () => void): void {
    if (this.#due.push(turn) === 1) setImmediate(() => this.#take());
  }

  #take(): void {
    const due = this.#due;
    this.#due = [];
    for (const turn of due) {
      try {
        turn();
      } catch (error) {
        // The process reports it like any error that nobody caught. The other turns still run.
        setImmediate(() => {
          throw error;
        });
      }
    }
  }
}

export const systemTurns: Turns = new SystemTurns();

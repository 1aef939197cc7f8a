/** The adoption of executions, some at a time, so that a start with many of them does not block everything else. */

export type Adoption = {
  /** Resolves when each of them goes on, or was passed over because `isWanted` returned false when its turn came. */
  adopt(executions: readonly string[], isWanted: () => boolean): Promise<void>;
};

/** The number of executions that are loaded at the same time. */
const AT_ONCE = 16;

/** `adopt`: resolves when the execution goes on, and does nothing if it already does. */
export function createAdoption(adopt: (executionId: string) => Promise<void>): Adoption {
  const lines: Line[] = [];
  let workers = 0;

  async function work(): Promise<void> {
    workers += 1;
    for (let line = lines[0]; line !== undefined; line = lines[0]) {
      const execution = line.executions[line.next++] as string;
      if (line.next === line.executions.length) lines.shift();
      if (line.isWanted()) await adopt(execution);
      line.left -= 1;
      if (line.left === 0) line.done();
    }
    workers -= 1;
  }

  return {
    adopt(executions, isWanted) {
      if (executions.length === 0) return Promise.resolve();
      return new Promise((done) => {
        lines.push({ executions, isWanted, done, next: 0, left: executions.length });
        for (let more = Math.min(AT_ONCE - workers, executions.length); more > 0; more--) void work();
      });
    },
  };
}

type Line = {
  readonly executions: readonly string[];
  readonly isWanted: () => boolean;
  readonly done: () => void;
  /** The next one to be adopted. */
  next: number;
  /** The number of those that do not go on yet. */
  left: number;
};

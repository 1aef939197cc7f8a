/**
 * Executions that moved to another owner while attempts of theirs ran here. Nobody claims such an attempt, so nobody can take its claim
 * away: this instance looks by itself whether it is still wanted.
 */
import type { Clock } from "../../env/clock.ts";

export type KeptExecutions = {
  add(executionId: string): void;
  remove(executionId: string): void;
};

export type KeptExecutionsOptions = {
  readonly clock: Clock;
  /** Whether an execution's attempts are wanted. Rejects if the store is away. */
  readonly isWanted: (executionId: string) => Promise<boolean>;
  readonly unwanted: (executionId: string) => void;
};

const LOOK_MS = 1_000;
/** The executions of one look. The others come with the next looks. */
const LOOKED_AT_MAX = 500;

export function createKeptExecutions({ clock, isWanted, unwanted }: KeptExecutionsOptions): KeptExecutions {
  const kept = new Set<string>();
  let looks = false;

  function lookLater(): void {
    if (looks || kept.size === 0) return;
    looks = true;
    clock.after(LOOK_MS, () => {
      void Promise.all([...kept].slice(0, LOOKED_AT_MAX).map(look)).then(() => {
        looks = false;
        lookLater();
      });
    });
  }

  async function look(id: string): Promise<void> {
    try {
      if (!(await isWanted(id))) unwanted(id);
    } catch {
      // The store is away, and is asked again.
    }
    // The execution goes to the end of the line.
    if (kept.delete(id)) kept.add(id);
  }

  return {
    add(executionId) {
      kept.add(executionId);
      lookLater();
    },
    remove: (executionId) => void kept.delete(executionId),
  };
}

/** A store whose answers take time and sometimes do not come: before the write, or after it. The truth within is kept. */
import { type Store, StoreUnavailable } from "../../src/store/store.ts";
import type { Life } from "./life.ts";

export type StoreFaults = {
  /** Probability that a call fails without effect. */
  readonly lostCalls: number;
  /** Probability that a call takes effect and its answer is lost. */
  readonly lostAnswers: number;
  /** Probability that a commit is answered as if somebody else had written: its supervisors are thrown away and load again. */
  readonly conflicts: number;
  readonly latencyMaxMs: number;
};

export function faultyStore(store: Store, life: Life, faults: StoreFaults): Store {
  const passes = (): Promise<void> => new Promise((resolve) => void life.after(life.random.below(faults.latencyMaxMs + 1), resolve));

  async function through<T>(call: () => Promise<T>): Promise<T> {
    await passes();
    if (life.random.chance(faults.lostCalls)) throw new StoreUnavailable("simulated: the call was lost");
    const answer = await call();
    // Whoever dies or is succeeded now has written, and does not know it yet.
    await passes();
    if (life.random.chance(faults.lostAnswers)) throw new StoreUnavailable("simulated: the answer was lost");
    return answer;
  }
  /** A commit that is sent again meets the same fate. */
  const fates = new Map<string, boolean>();
  return {
    lanes: store.lanes,
    laneOf: (id) => store.laneOf(id),
    acquire: (lane, bootId) => store.acquire(lane, bootId),
    commit: (lane, commit) =>
      through(async () => {
        const name = JSON.stringify(commit.id);
        const isConflict = fates.get(name) ?? life.random.chance(faults.conflicts);
        fates.set(name, isConflict);
        if (!isConflict) return store.commit(lane, commit);
        // The lane's numbers go on, as they do where a real conflict is answered.
        const answer = await store.commit(lane, { ...commit, entries: [] });
        return answer.type === "fenced" ? answer : { type: "done", entries: commit.entries.map(() => ({ type: "conflict" }) as const) };
      }),
    create: (batch) => through(() => store.create(batch)),
    load: (id) => through(() => store.load(id)),
    chunksAfter: (id, sequence) => store.chunksAfter(id, sequence),
    summary: (id) => store.summary(id),
    large: (id, keys) => through(() => store.large(id, keys)),
    list: (query) => store.list(query),
    active: (lane) => store.active(lane),
    remove: (execution) => through(() => store.remove(execution)),
    sweep: (retention) => store.sweep(retention),
    raiseLevel: (level) => store.raiseLevel(level),
    // The truth outlives the instance that closes it.
    close: () => Promise.resolve(),
  };
}

/** A store whose answers take time and sometimes do not come: before the write, or after it. The truth within is kept. */
import { type Store, StoreUnavailable } from "../../src/store/store.ts";
import type { World } from "./world.ts";

export type StoreFaults = {
  /** Probability that a call fails without effect. */
  readonly lostCalls: number;
  /** Probability that a call takes effect and its answer is lost. */
  readonly lostAnswers: number;
  readonly latencyMaxMs: number;
};

export function faultyStore(store: Store, world: World, faults: StoreFaults): Store {
  async function through<T>(call: () => Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => world.after(world.random.below(faults.latencyMaxMs + 1), resolve));
    if (world.random.chance(faults.lostCalls)) throw new StoreUnavailable("simulated: the call was lost");
    const answer = await call();
    if (world.random.chance(faults.lostAnswers)) throw new StoreUnavailable("simulated: the answer was lost");
    return answer;
  }
  return {
    lanes: store.lanes,
    laneOf: (id) => store.laneOf(id),
    acquire: (lane, bootId) => store.acquire(lane, bootId),
    commit: (lane, commit) => through(() => store.commit(lane, commit)),
    create: (batch) => through(() => store.create(batch)),
    load: (id) => through(() => store.load(id)),
    chunksAfter: (id, sequence) => store.chunksAfter(id, sequence),
    summary: (id) => store.summary(id),
    large: (id, keys) => through(() => store.large(id, keys)),
    list: (query) => store.list(query),
    active: (lane) => store.active(lane),
    sweep: (retention) => store.sweep(retention),
    // The truth outlives the instance that closes it.
    close: () => Promise.resolve(),
  };
}

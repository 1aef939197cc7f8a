/**
 * A shared store behind bad connections: a call gets lost, or its answer, or it is carried out long after its caller gave
 * up; and while the store is away nothing arrives. What has left an instance arrives, whatever becomes of the instance.
 */
import type { SharedStore, Taken } from "../../src/store/shared-store.ts";
import { type Commit, type CommitAnswer, StoreUnavailable } from "../../src/store/store.ts";
import type { Life } from "./life.ts";
import type { World } from "./world.ts";

/** What the world does to all instances alike. */
export type Weather = {
  /** No faults any more. */
  calm: boolean;
  /** Until then, by the world's clock, the store and the stream do not answer. */
  storeAwayUntilMs: number;
  streamAwayUntilMs: number;
  /** Rises when the store is restarted: what was on its way is lost. */
  storeRuns: number;
};

export type StoreFaults = {
  /** Probability that a call gets lost, or its answer, or that it comes late: a third each. */
  readonly failing: number;
  /** Probability that a commit is answered as if somebody else had written: its supervisors are thrown away and load again. */
  readonly conflicts: number;
};

const DEADLINE_MS = 1_500;
const LATENCY_MAX_MS = 8;
const CUT_MAX_MS = 30;
const LATE_MAX_MS = 4_000;
const TOLD_MAX_MS = 300;
const NO_CALLS = new Set<string | symbol>(["lanes", "laneOf", "level", "close"]);

export function unreliableStore(store: SharedStore, world: World, life: Life, weather: Weather, faults: StoreFaults): SharedStore {
  const { random } = world;
  const latencyMs = () => random.below(LATENCY_MAX_MS);

  function through(call: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const cancels: (() => void)[] = [];
      const settle = (act: () => void): void => {
        for (const cancel of cancels.splice(0)) cancel();
        act();
      };
      const giveUpIn = (ms: number, why: string): void => {
        cancels.push(life.after(ms, () => settle(() => reject(new StoreUnavailable(`simulated: ${why}`)))));
      };
      const answer = (isLost: boolean, act: () => void): void => {
        if (!isLost) life.after(latencyMs(), () => settle(act));
      };
      const run = weather.storeRuns;
      const arrive = (isLost: boolean): void => {
        if (weather.storeRuns !== run) return;
        const awayMs = weather.storeAwayUntilMs - world.nowMs();
        if (awayMs > 0) return void world.after(awayMs + latencyMs(), () => arrive(isLost));
        call().then(
          (value) => answer(isLost, () => resolve(value)),
          (error: unknown) => answer(isLost, () => reject(error)),
        );
      };
      giveUpIn(DEADLINE_MS, "no answer in time");
      const fails = !weather.calm && random.chance(faults.failing);
      const fate = fails ? random.below(3) : null;
      if (fails && random.chance(0.7)) giveUpIn(CUT_MAX_MS + random.below(CUT_MAX_MS), "the connection was cut");
      if (fate === 0) return;
      world.after(fate === 1 ? random.below(LATE_MAX_MS) : latencyMs(), () => arrive(fails));
    });
  }

  /** A commit that is sent again meets the same fate. */
  const fates = new Map<string, boolean>();
  async function commit(lane: number, given: Commit): Promise<CommitAnswer> {
    const name = `${lane} ${JSON.stringify(given.id)}`;
    const isConflict = fates.get(name) ?? (!weather.calm && given.entries.length > 0 && random.chance(faults.conflicts));
    fates.set(name, isConflict);
    if (!isConflict) return store.commit(lane, given);
    // The lane's numbers go on, as they do where a real conflict is answered.
    const answer = await store.commit(lane, { ...given, entries: [] });
    return answer.type === "fenced" ? answer : { type: "done", entries: given.entries.map(() => ({ type: "conflict" }) as const) };
  }

  const restarts = toldLate(store, life);
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (NO_CALLS.has(name)) return value.bind(target);
      if (name === "onRestart") return restarts.onRestart;
      if (name === "takeLease") {
        const takeLease: SharedStore["takeLease"] = async (...values) => {
          const taken = await through(() => target.takeLease(...values));
          await restarts.told();
          return taken as Taken;
        };
        return takeLease;
      }
      if (name === "onOutbox") {
        // Not always: whoever was not told notices by the next.
        const onOutbox: SharedStore["onOutbox"] = (listener) =>
          target.onOutbox((...told) => {
            if (weather.calm || !random.chance(faults.failing)) life.after(0, () => listener(...told));
          });
        return onOutbox;
      }
      if (name === "commit") return (lane: number, given: Commit) => through(() => commit(lane, given));
      return (...values: readonly unknown[]) => through(() => Reflect.apply(value, target, values));
    },
  });
}

/** A restart is heard of a while after it; no lease is known to be taken before. */
function toldLate(store: SharedStore, life: Life) {
  const listeners = new Set<Parameters<SharedStore["onRestart"]>[0]>();
  let untold = 0;
  const waiting: (() => void)[] = [];
  store.onRestart((lanes) => {
    untold += 1;
    life.after(life.random.below(TOLD_MAX_MS), () => {
      untold -= 1;
      for (const listener of [...listeners]) listener(lanes);
      if (untold === 0) for (const resolve of waiting.splice(0)) resolve();
    });
  });
  return {
    onRestart(listener: Parameters<SharedStore["onRestart"]>[0]): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    told: (): Promise<void> => (untold === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

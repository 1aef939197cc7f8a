/**
 * A store behind a connection: calls and answers take time, either may be lost, and while the store stands still nothing
 * is answered; what was sent meanwhile is carried out when it goes on, in order, whether anybody still waits or not.
 */
import type { SharedStore } from "../../../src/store/shared-store.ts";
import { StoreUnavailable } from "../../../src/store/store.ts";
import type { World } from "../../sim/world.ts";
import type { Life } from "../../sim/life.ts";

/** What the world does to all instances alike. Those that are lost are probabilities, of each call, answer or ring. */
export type Weather = {
  /** No call takes any time. */
  calm: boolean;
  stalledUntilMs: number;
  lostCalls: number;
  lostAnswers: number;
  lostRings: number;
  /** The answers to the next so many calls of this name. */
  losing: { name: string; count: number } | null;
};

/** How long an instance waits for an answer. */
const DEADLINE_MS = 1_500;
const LATENCY_MAX_MS = 8;

const NO_CALLS = new Set<string | symbol>(["lanes", "laneOf", "level", "onRestart", "close"]);

/**
 * One instance's. `calls`: how often each was called. `failing`: what calls of these names are answered with, whatever the
 * weather. `cutUntilMs`: till then nothing comes through, in neither direction.
 */
export type Connection = { readonly calls: Map<string, number>; readonly failing: Map<string, Error>; cutUntilMs: number };

export function stallingStore(store: SharedStore, clock: Life, world: World, weather: Weather, connection: Connection): SharedStore {
  const { calls, failing } = connection;
  const latencyMs = () => (weather.calm ? 0 : world.random.below(LATENCY_MAX_MS));

  function isLost(name: string | symbol): boolean {
    const { losing, lostAnswers } = weather;
    if (losing === null || losing.name !== name || losing.count === 0) return world.random.chance(lostAnswers);
    losing.count -= 1;
    return true;
  }

  function through(name: string | symbol, call: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const giveUp = (why: string) => reject(new StoreUnavailable(`simulated: ${why}`));
      const cancelDeadline = clock.after(DEADLINE_MS, () => giveUp("no answer in time"));
      const answer = (act: () => void) =>
        void world.after(latencyMs(), () => {
          if (isLost(name)) return;
          clock.act(() => {
            cancelDeadline();
            act();
          });
        });
      const arrive = (): void => {
        const stalledMs = Math.max(weather.stalledUntilMs, connection.cutUntilMs) - world.nowMs();
        // What has left the instance arrives, whatever becomes of the instance.
        if (stalledMs > 0) return void world.after(stalledMs, arrive);
        call().then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error)),
        );
      };
      if (world.random.chance(weather.lostCalls)) return;
      world.after(latencyMs(), arrive);
    });
  }

  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (NO_CALLS.has(name)) return value.bind(target);
      return (...values: readonly unknown[]) => {
        const failure = failing.get(String(name));
        calls.set(String(name), (calls.get(String(name)) ?? 0) + 1);
        return through(name, () => (failure === undefined ? Reflect.apply(value, target, values) : Promise.reject(failure)));
      };
    },
  });
}

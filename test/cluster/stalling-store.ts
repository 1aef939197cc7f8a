/**
 * A store behind a connection: calls and answers take time, either may be lost, and while the store stands still nothing
 * is answered; what was sent meanwhile is carried out when it goes on, in order, whether anybody still waits or not.
 */
import type { SharedStore } from "../../src/store/shared-store.ts";
import { StoreUnavailable } from "../../src/store/store.ts";
import type { World } from "../sim/world.ts";
import type { StandingClock } from "./standing-clock.ts";

/** What the world does to all instances alike. The last three are probabilities, of each call or ring. */
export type Weather = {
  /** No call takes any time. */
  calm: boolean;
  stalledUntilMs: number;
  lostCalls: number;
  lostAnswers: number;
  lostRings: number;
};

/** How long an instance waits for an answer. */
const DEADLINE_MS = 1_500;
const LATENCY_MAX_MS = 8;

const NO_CALLS = new Set<string | symbol>(["lanes", "laneOf", "onRestart", "close"]);

export function stallingStore(store: SharedStore, clock: StandingClock, world: World, weather: Weather): SharedStore {
  const latencyMs = () => (weather.calm ? 0 : world.random.below(LATENCY_MAX_MS));

  function through(call: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const giveUp = (why: string) => reject(new StoreUnavailable(`simulated: ${why}`));
      const cancelDeadline = clock.after(DEADLINE_MS, () => giveUp("no answer in time"));
      const answer = (act: () => void) =>
        void world.after(latencyMs(), () => {
          if (world.random.chance(weather.lostAnswers)) return;
          clock.act(() => {
            cancelDeadline();
            act();
          });
        });
      const arrive = (): void => {
        const stalledMs = weather.stalledUntilMs - world.nowMs();
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
      return (...values: readonly unknown[]) => through(() => Reflect.apply(value, target, values));
    },
  });
}

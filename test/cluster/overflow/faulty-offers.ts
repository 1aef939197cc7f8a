/** A shared store whose calls about offers are slow, lost, answered in vain, or held up on a dead connection and applied much later. */
import type { SharedStore } from "../../../src/store/shared-store.ts";
import { StoreUnavailable } from "../../../src/store/store.ts";
import type { Life } from "../../sim/life.ts";
import type { World } from "../../sim/world.ts";

export type OfferFaults = {
  /** Probabilities, for each call: it has no effect; it has, and nobody hears; nobody hears, and it has some seconds later. */
  readonly lostCalls: number;
  readonly lostAnswers: number;
  readonly held: number;
  readonly latencyMaxMs: number;
  readonly heldMaxMs: number;
  /** Sabotage: every such call that arrives has a number of its own, as if the store did not know a resend. */
  readonly unnumbered?: "offer" | "claim";
};

export const SOME_FAULTS: OfferFaults = { lostCalls: 0.15, lostAnswers: 0.15, held: 0.15, latencyMaxMs: 8, heldMaxMs: 3_000 };
export const NO_FAULTS: OfferFaults = { lostCalls: 0, lostAnswers: 0, held: 0, latencyMaxMs: 2, heldMaxMs: 0 };

const FAULTY = ["offer", "offersIn", "claim", "withdraw", "discard", "heldClaims"] as const;

/** Calls that are held up are applied by the world: whoever sent one may be dead by then. */
let numbers = 1_000_000;

/** The number is the last of an offer's values, and a field of a claim's second. */
function renumbered(values: readonly unknown[]): unknown[] {
  numbers += 1;
  const [first, second, third] = values;
  return third === undefined ? [first, { ...(second as object), number: numbers }] : [first, second, numbers];
}

export function faultyOffers(store: SharedStore, world: World, life: Life, faults: OfferFaults): SharedStore {
  const { random } = world;
  const passes = (): Promise<void> => new Promise((resolve) => void life.after(random.below(faults.latencyMaxMs + 1), resolve));

  async function through(call: () => Promise<unknown>): Promise<unknown> {
    await passes();
    if (random.chance(faults.lostCalls)) throw new StoreUnavailable("simulated: the call was lost");
    if (random.chance(faults.held)) {
      world.after(random.below(faults.heldMaxMs + 1), () => void call());
      throw new StoreUnavailable("simulated: the call is held up");
    }
    const answer = await call();
    await passes();
    if (random.chance(faults.lostAnswers)) throw new StoreUnavailable("simulated: the answer was lost");
    return answer;
  }

  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const call = (...values: unknown[]): unknown =>
        Reflect.apply(value, target, name === faults.unnumbered ? renumbered(values) : values);
      return FAULTY.some((faulty) => faulty === name) ? (...values: unknown[]) => through(async () => call(...values)) : call;
    },
  });
}

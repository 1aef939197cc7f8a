/** A pool whose hosts die now and then: an attempt's outcome is lost with its host, whose fault it may or may not be. */
import type { Outcome, Pool } from "../../src/pool/pool.ts";
import type { Seeded } from "./world.ts";

/** `lost`: the probability that an outcome is told as lost. The same is told again for the same attempt. */
export function lossyPool(pool: Pool, random: Seeded, lost: number): Pool {
  const fates = new Map<string, Outcome | null>();
  const fateOf = (name: string): Outcome | null => {
    const known = fates.get(name);
    if (known !== undefined) return known;
    const fate: Outcome | null = random.chance(lost) ? { type: "lost", death: random.chance(0.5) } : null;
    fates.set(name, fate);
    return fate;
  };
  return {
    ...pool,
    attach: (execution, listener) =>
      pool.attach(execution, {
        began: (node, attempt, beganAtMs, executor) => listener.began(node, attempt, beganAtMs, executor),
        returned: () => listener.returned(),
        ended(node, attempt, beganAtMs, outcome) {
          // What is given back at a clean end had a host until then.
          const fate = outcome.type === "released" ? null : fateOf(`${execution.id}/${node}/${attempt}`);
          listener.ended(node, attempt, beganAtMs, fate ?? outcome);
        },
      }),
  };
}

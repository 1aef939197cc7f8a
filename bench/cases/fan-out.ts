/** 1 → n → 1, one execution at a time: from the trigger to the end that a waiting client is told, durable where the store is. */
import type { Case } from "../case.ts";
import { fanOut } from "../definitions.ts";
import { oneAtATime } from "./one-at-a-time.ts";

export const fanOutCase: Case = {
  name: "fan-out",
  title: "1 → n → 1 noop nodes, from the trigger to the end that a waiting client is told",
  start: (variant, services) => {
    const width = variant.n ?? 10_000;
    return oneAtATime({
      variant,
      services,
      definition: fanOut(width),
      nodes: width + 2,
      measure: (ms) => ({ "nodes/s": ((width + 2) / ms) * 1_000 }),
    });
  },
};

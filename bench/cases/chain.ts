/** n nodes, each after the one before: what a step takes when nothing can be done beside it. */
import type { Case } from "../case.ts";
import { chain } from "../definitions.ts";
import { oneAtATime } from "./one-at-a-time.ts";

export const chainCase: Case = {
  name: "chain",
  title: "n noop nodes one after the other, each durable before the next begins",
  start: (variant, services) => {
    const length = variant.n ?? 200;
    return oneAtATime({ variant, services, definition: chain(length), nodes: length, measure: (ms) => ({ "ms a step": ms / length }) });
  },
};

/** n nodes that each wait a second for another service: how many of them an instance holds at once. */
import type { Case } from "../case.ts";
import { independent } from "../definitions.ts";
import { oneAtATime } from "./one-at-a-time.ts";

const NODES = 10_000;

export const waitsCase: Case = {
  name: "waits",
  title: "n nodes that each wait one second (the mock of an external service), all ready at once, from the trigger to the end",
  start(variant, services) {
    const nodes = variant.n ?? NODES;
    return oneAtATime({
      variant,
      services,
      definition: independent(nodes, "call_external_service"),
      nodes,
      environment: { APP_MOCK_LATENCY_MS: "1000" },
      runsMost: 1,
      measure: (ms) => ({ "ms in all": ms }),
    });
  },
};

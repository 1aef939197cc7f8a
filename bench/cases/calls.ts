/** n nodes that each call a service which answers after a second: what the mock of `waits` leaves out is the call itself. */
import type { Case, Subject } from "../case.ts";
import { independent } from "../definitions.ts";
import { type SlowService, startSlowService } from "../slow-service.ts";
import { oneAtATime } from "./one-at-a-time.ts";

const NODES = 10_000;

export const callsCase: Case = {
  name: "calls",
  title:
    "n live calls to a service that answers after a second, all ready at once, from the trigger to the end; part=fetch: the calls alone, " +
    "by one thread that does nothing else",
  async start(variant, services) {
    const nodes = variant.n ?? NODES;
    const service = await startSlowService();
    const calls =
      variant.part === "fetch"
        ? bareCalls(service, nodes)
        : await oneAtATime({
            variant,
            services,
            definition: independent(nodes, "call_external_service", { url: service.url }),
            nodes,
            environment: { APP_EXTERNAL_SERVICES: "live", APP_HTTP_ALLOW_PRIVATE: "true" },
            runsMost: 1,
            measure: (ms) => ({ "ms in all": ms }),
          });
    return {
      round: () => calls.round(),
      async stop() {
        await calls.stop();
        await service.stop();
      },
    };
  },
};

function bareCalls({ url }: SlowService, count: number): Subject {
  return {
    async round() {
      const startedMs = performance.now();
      const answers = await Promise.all(Array.from({ length: count }, async () => (await fetch(url)).text()));
      const ms = performance.now() - startedMs;
      if (answers.some((text) => text !== '{"ok":true}')) throw new Error("A call was answered otherwise.");
      return { "ms in all": ms };
    },
    stop: () => Promise.resolve(),
  };
}

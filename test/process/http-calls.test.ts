/** More calls to other services at once than Bun lets a process have that nobody has prepared for it. */
import { afterAll, expect, test } from "bun:test";
import { endOf, start } from "./client.ts";
import { until } from "./facts.ts";
import { warningsOf } from "./instances.ts";
import { endAll, newHome, startServer } from "./server.ts";

afterAll(endAll);

const CALLS = 600;

/** Answers nobody before all have come. */
function gathering(): Bun.Server<undefined> & { readonly come: () => number } {
  const all = Promise.withResolvers<void>();
  let come = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch() {
      if (++come === CALLS) all.resolve();
      await all.promise;
      return Response.json(null);
    },
  });
  return Object.assign(server, { come: () => come });
}

test("nodes that call at once are all under way at once, however the server was started", async () => {
  const service = gathering();
  const home = newHome();
  const server = await startServer(home, { APP_EXTERNAL_SERVICES: "live", APP_HTTP_ALLOW_PRIVATE: "true" });
  const config = { url: `http://127.0.0.1:${service.port}/` };
  const nodes = Array.from({ length: CALLS }, (_, n) => ({ id: `n${n}`, handler: "call_external_service", config }));
  expect((await endOf(server, await start(server, "all", nodes))).status).toBe("COMPLETED");
  expect(service.come()).toBe(CALLS);
  expect(warningsOf(server)).toEqual([]);
  expect((await server.end("SIGTERM")).exitCode).toBe(0);
  await service.stop(true);
});

test("a server that was told to have few says what that means", async () => {
  const server = await startServer(newHome(), { BUN_CONFIG_MAX_HTTP_REQUESTS: "300", APP_SLOTS_PER_THREAD: "400" });
  await until("the warning", () => warningsOf(server).length > 0);
  expect(warningsOf(server).join("\n")).toContain("may have 300 HTTP requests under way, and its nodes may make 800");
  await server.end("SIGTERM");
});

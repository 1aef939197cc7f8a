/** What handlers see of the environment that the server was started with. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endOf, start } from "./client.ts";
import { endAll, newHome, startServer } from "./server.ts";

afterAll(endAll);

test("all but Troupe's own secrets, also those of a file in the working folder", async () => {
  const home = newHome();
  const dir = join(home.dir, "handlers");
  mkdirSync(dir);
  writeFileSync(
    join(dir, "see.ts"),
    'import { defineHandler } from "troupe"; export default defineHandler({ name: "see", run: () => ({ ...process.env, ...Bun.env, ...import.meta.env }) });',
  );
  writeFileSync(join(home.dir, ".env"), "REDIS_PASSWORD=canary-1\nSHOP_TOKEN=of-a-file\n");
  const server = await startServer(home, {
    APP_HANDLERS_DIR: dir,
    APP_LLM_API_KEY: "canary-2",
    APP_REDIS_PASSWORD: "canary-3",
    APP_LLM_BASE_URL: "http://user:canary-4@127.0.0.1:9/v1",
    REDIS_URL: "redis://:canary-5@127.0.0.1:1/0",
    MY_PASSWORD: "of the user",
    APP_LLM_MODEL: "a-model",
  });
  const seen = (await endOf(server, await start(server, "sees", [{ id: "only", handler: "see" }]))).nodes.only?.output;
  expect(seen).toMatchObject({ MY_PASSWORD: "of the user", SHOP_TOKEN: "of-a-file", APP_LLM_MODEL: "a-model", PORT: "0" });
  expect(JSON.stringify(seen)).not.toContain("canary");
  await server.end("SIGTERM");
});

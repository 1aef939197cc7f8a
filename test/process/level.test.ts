/** An instance that is too old for what is in Redis does not start, neither among the others nor alone. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { systemClock } from "../../src/env/clock.ts";
import { systemIds } from "../../src/env/ids.ts";
import { openRedisStore } from "../../src/store/redis/redis-store.ts";
import { recordingLog } from "../env/log/recording-log.ts";
import { freshRedis } from "../services/redis.ts";
import { endAll, newHome, startRefused, startServer } from "./server.ts";

setDefaultTimeout(180_000);
afterAll(endAll);

test("an instance below the level in use refuses to start, with a sentence", async () => {
  const url = await freshRedis();
  const home = newHome();
  const older = await startServer(home, { REDIS_URL: url });
  await older.end("SIGTERM");
  const { log } = recordingLog();
  const newer = await openRedisStore({ address: { url }, clock: systemClock, ids: systemIds, log, outbox: false, level: 9 });
  expect(await newer.raiseLevel(9)).toBe(true);
  await newer.close();
  const { exitCode, said } = await startRefused(home, { REDIS_URL: url });
  expect(exitCode).toBe(1);
  expect(said).toMatch(
    /The store is in use by a newer version of Troupe \(level 9; this version knows level \d+\): start this instance with that version\./,
  );
});

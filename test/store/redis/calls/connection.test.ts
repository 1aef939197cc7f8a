/** A connection to Redis in a process that is held up. */
import { expect, test } from "bun:test";
import { systemClock } from "../../../../src/env/clock.ts";
import { systemIds } from "../../../../src/env/ids.ts";
import { openRedisStore } from "../../../../src/store/redis/redis-store.ts";
import { recordingLog } from "../../../env/log/recording-log.ts";
import { freshRedis } from "../../../services/redis.ts";
import { newExecution } from "../../made.ts";

const TIMEOUT_MS = 300;

test("an answer that came while the process was held up counts, though it is read after the deadline", async () => {
  const store = await openRedisStore({
    address: { url: await freshRedis() },
    clock: systemClock,
    ids: systemIds,
    log: recordingLog().log,
    outbox: false,
    commandTimeoutMs: TIMEOUT_MS,
  });
  await store.create([newExecution("x")]);
  for (let round = 0; round < 5; round++) {
    const answer = store.summary("x");
    // It is sent by then.
    await Promise.resolve();
    await new Promise<void>((resolve) => process.nextTick(resolve));
    const until = performance.now() + 2 * TIMEOUT_MS;
    while (performance.now() < until);
    expect((await answer)?.id).toBe("x");
  }
  await store.close();
});

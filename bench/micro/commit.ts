/** A commit to the store, of one outcome of each of so many executions of one lane. */
import { rmSync } from "node:fs";
import { systemClock } from "../../src/env/clock.ts";
import { systemIds } from "../../src/env/ids.ts";
import { createLog } from "../../src/env/log/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { openRedisStore } from "../../src/store/redis/redis-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { Commit, Store } from "../../src/store/store.ts";
import { entryAfter, newExecution } from "../../test/store/made.ts";
import { benchFolder } from "../bench-engine.ts";
import { needed, type ServicesOfRun, type Variant } from "../case.ts";
import { type Micro, nsOfFresh } from "./timing.ts";

const LANE = 0;
const OUTCOME = '[["completed","n1234",1,1763700000000,1763700000450,0,null]]';

/** Nanoseconds an entry, with one commit in flight. */
export async function storeCommit(executions: number, { store: kind }: Variant, services: ServicesOfRun): Promise<Micro> {
  const folder = benchFolder();
  const store = await opened(kind, folder, services);
  const ids: string[] = [];
  while (ids.length < executions) {
    const id = systemIds.next();
    if (store.laneOf(id) === LANE) ids.push(id);
  }
  await store.create(ids.map((id) => newExecution(id)));
  const { bootId, epoch } = await store.acquire(LANE, systemIds.next());
  let number = 0;
  const make = (): Commit => {
    number += 1;
    return { id: { bootId, epoch, number }, entries: ids.map((id) => entryAfter(number, id, {}, { text: OUTCOME })), cleanEnd: false };
  };
  const act = async (commit: Commit): Promise<void> => {
    const answer = await store.commit(LANE, commit);
    if (answer.type !== "done" || answer.entries.some(({ type }) => type !== "applied"))
      throw new Error(`Not committed: ${JSON.stringify(answer).slice(0, 200)}`);
  };
  return {
    ns: async () => (await nsOfFresh(make, act)) / executions,
    async stop() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** With Redis, as where Kafka is: each commit leaves pointers in the outbox, but nobody publishes them. */
async function opened(kind: Variant["store"], folder: string, { redis, kafka }: ServicesOfRun): Promise<Store> {
  switch (kind) {
    case "memory":
      return openMemoryStore();
    case "sqlite":
      return await openSqliteStore({ dataDir: folder });
    case "redis":
    case "redis+kafka": {
      const log = createLog({ level: "warn", instance: "bench" });
      return await openRedisStore({ address: { url: needed(redis).url }, clock: systemClock, ids: systemIds, log, outbox: kafka !== null });
    }
    case undefined:
      throw new Error("A commit goes to a store: say which.");
  }
}

/** Whether Redis has room for anything new. Each server is asked, because each has its own memory. */
import type { RedisConnection } from "./calls/connection.ts";
import type { RedisKeys } from "./keys.ts";
import type { LaneCalls } from "./calls/lane-calls.ts";
import { scripts } from "./calls/scripts.ts";
import { StoreFull } from "../store.ts";

/** The reason why a server has no room; null if all have. Rejects if one does not answer. */
export async function fullnessOf(connection: RedisConnection, calls: LaneCalls, keys: RedisKeys): Promise<string | null> {
  const records = new Map(keys.lanes.map(({ record }) => [connection.serverOf(record), record]));
  const answers = await Promise.all(Array.from(records.values(), (record) => fullnessAt(calls, record)));
  return answers.find((answer) => answer !== null) ?? null;
}

async function fullnessAt(calls: LaneCalls, record: string): Promise<string | null> {
  try {
    await calls.run(record, { script: scripts.room });
    return null;
  } catch (error) {
    if (!(error instanceof StoreFull)) throw error;
    return `${error.message} New work is refused until retention, or a larger maxmemory, has made room.`;
  }
}

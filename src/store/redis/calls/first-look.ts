/**
 * The first look at a Redis: whose it is, how many lanes it has, and the data token by which every later call recognises it. An empty Redis
 * is prepared. A Redis that was prepared and has lost a part is refused, because histories must not mix.
 */
import type { Ids } from "../../../env/ids.ts";
import type { Reply, RedisConnection } from "./connection.ts";
import type { RedisKeys } from "../keys.ts";
import { runScript, scripts } from "./scripts.ts";
import { LOST, RedisRefusal } from "./errors.ts";
import { BelowLevel, DataLost } from "../../shared-store.ts";

/**
 * Resolves with the data token. Rejects with RedisRefusal if the data has another number of lanes, with DataLost if a part of it is gone,
 * with BelowLevel, and with StoreUnavailable. `level`: this build's.
 */
export async function beginStore(connection: RedisConnection, keys: RedisKeys, ids: Ids, level: number): Promise<string> {
  const lanes = String(keys.lanes.length);
  const token = (await tokenOf(connection, keys.store)) ?? (await makeStore(connection, keys, ids.next(), lanes));
  const found = (await connection.call("hmget", [keys.store, "lanes", "ready", "least"])) as readonly (string | null)[];
  const [there, ready, least] = found;
  if (Number(least ?? 1) > level) throw new BelowLevel(Number(least), level);
  if (there !== lanes) {
    throw new RedisRefusal(
      `Redis holds executions in ${there} lanes, but APP_LANES of this instance is ${lanes}: give every instance the number that the data has.`,
    );
  }
  const records = keys.lanes.map(({ record }) => record);
  const fields = ready === "1" ? [] : [token, ...NEW_LANE];
  const tokens = await Promise.all(records.map((record) => begin(connection, record, fields)));
  if (tokens.some((each) => each !== token)) throw new DataLost(LOST);
  if (ready !== "1") await runScript(connection, scripts.ready, [keys.store], [token, "0"]);
  return token;
}

/** The record of a lane that nobody has had yet. */
const NEW_LANE = Object.entries({
  boot: "",
  epoch: "0",
  number: "0",
  clean: "1",
  died: "",
  answer: "",
  until: "0",
  free: "1",
  births: "0",
  outbox_last: "0",
  outbox_bytes: "0",
  command_sequence: "0",
  offer_sequence: "0",
  offered: "0",
}).flat();

/** Makes the store's record, only if no lane exists either: otherwise it was lost. Another instance may do the same now. */
async function makeStore(connection: RedisConnection, keys: RedisKeys, token: string, lanes: string): Promise<string> {
  const found = await Promise.all(keys.lanes.map(({ record }) => tokenOf(connection, record)));
  const made = found.every((each) => each === null)
    ? await begin(connection, keys.store, [token, "lanes", lanes])
    : await tokenOf(connection, keys.store);
  if (made === null) throw new DataLost(LOST);
  return made;
}

async function begin(connection: RedisConnection, record: string, fields: readonly string[]): Promise<string | null> {
  const [token] = (await runScript(connection, scripts.begin, [record], fields)) as readonly Reply[];
  return typeof token === "string" ? token : null;
}

async function tokenOf(connection: RedisConnection, record: string): Promise<string | null> {
  return (await connection.call("hget", [record, "token"])) as string | null;
}

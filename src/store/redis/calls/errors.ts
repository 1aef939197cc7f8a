/** The errors of Redis and of its client, as the errors that the store's callers know. */
import { BelowLevel, DataLost } from "../../shared-store.ts";
import { StoreFull, StoreUnavailable } from "../../store.ts";

/** Redis refuses the data as it is set up: it is another Troupe's, or has another form. The message is a sentence for people. */
export class RedisRefusal extends Error {
  override readonly name = "RedisRefusal";
}

/** A script arrived after its deadline and did nothing. `nowMs`: the time of Redis's clock. */
export class TooLate extends StoreUnavailable {
  readonly nowMs: number;

  constructor(nowMs: number) {
    super("Redis got a call only after its deadline, and did nothing.");
    this.nowMs = nowMs;
  }
}

/** Redis does not know a script, or not any more. */
export class ScriptUnknown extends Error {
  override readonly name = "ScriptUnknown";
}

/** Redis's errors for what was not applied and may succeed later, at the beginning of an error or within a script's. */
const NOT_NOW =
  /\b(TRYAGAIN|LOADING|CLUSTERDOWN|READONLY|MASTERDOWN|NOREPLICAS|BUSY|MISCONF|MOVED|ASK|UNKILLABLE|NOAUTH|WRONGPASS|NOPERM)\b/;

/** The place in a script, which says nothing to people. */
const WHERE = /[.]? ?script: [0-9a-f]+, on @user_script:\d+[.]?$|[.]$/;

function notNow(message: string): string {
  if (message.includes("LOADING")) return "Redis is reading its files";
  if (message.includes("READONLY")) return "Redis is a replica, which takes no writes";
  if (message.includes("NOREPLICAS")) return "Too few replicas follow Redis";
  if (message.includes("MISCONF")) return "Redis cannot write to its disk";
  if (message.includes("BUSY")) return "Redis is busy with somebody's script";
  if (message.includes("NOPERM")) return "Redis does not allow it to this user";
  return "Redis cannot do that now";
}

/**
 * A client's error about its connection, as the end of a sentence. The client speaks of its own options, and its errors hold what it sent,
 * even the password.
 */
export function inOurWords(error: unknown): string {
  const message = messageOf(error);
  if (message.includes("enableOfflineQueue")) return "there is no connection.";
  if (message.includes("maxRetriesPerRequest")) return "the connection was lost.";
  if (message.includes("Unknown RESP type")) return "what answers there is not Redis.";
  if (message.startsWith("NOAUTH")) return `it wants a password (${message.replace(/\.$/, "")}).`;
  if (message.startsWith("WRONGPASS")) return `it does not know this user with this password (${message.replace(/\.$/, "")}).`;
  if (message.includes("cluster support disabled")) return "it is no Redis Cluster, and APP_REDIS_CLUSTER is set.";
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

/** The message of a Cluster's client: what the node that it asked last has said. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "lastNodeError" in error && error.lastNodeError instanceof Error ? error.lastNodeError.message : error.message;
}

/** The error that a call ended with. What is neither Redis's answer nor ours comes from the connection. */
export function troubleOf(error: unknown): Error {
  if (error instanceof StoreUnavailable) return error;
  if (!(error instanceof Error) || error.name !== "ReplyError")
    return new StoreUnavailable(`Redis cannot be reached: ${inOurWords(error)}`);
  // Not as a cause: that holds everything that was sent, and a log would show it.
  return errorOf(error.message);
}

/** The error for a message of Redis or of a script. */
export function errorOf(message: string): Error {
  if (message.startsWith("TROUPELOST")) return new DataLost(LOST);
  if (message.startsWith("TROUPELATE")) return new TooLate(Number(message.split(" ")[1]));
  if (message.startsWith("TROUPELEVEL")) return belowLevel(message);
  if (message.startsWith("NOSCRIPT")) return new ScriptUnknown(message);
  if (message.startsWith("MOVED")) return new StoreUnavailable(`Redis is one of a Cluster (APP_REDIS_CLUSTER=true): ${message}`);
  if (/\bOOM\b/.test(message)) return new StoreFull(`Redis is full (${message.replace(WHERE, "")}).`);
  if (NOT_NOW.test(message)) return new StoreUnavailable(`${notNow(message)} (${message.replace(WHERE, "")}).`);
  if (message.startsWith("WRONGTYPE")) return new RedisRefusal(OTHERS);
  return new Error(`Redis refused a call: ${message}`);
}

/** The error for `TROUPELEVEL 3 2`: the level in use, and that of the caller. */
function belowLevel(message: string): BelowLevel {
  const [, inUse, own] = message.split(" ").map(Number);
  return new BelowLevel(inUse ?? Number.NaN, own ?? Number.NaN);
}

const OTHERS = "Redis holds something else under a name that Troupe uses: give Troupe a database, or a Redis, of its own.";
export const LOST =
  "Redis has lost its data: it was emptied, or it is another Redis. Nothing is written to it. Stop every instance, restore the data or do without it, and start them again.";

/** What Redis and its client say when something is wrong, as the errors that the store's callers know. */
import { DataLost } from "./shared-store.ts";
import { StoreUnavailable } from "./store.ts";

/** Redis does not take the data as it is set up: another Troupe's, or of another form. The message is a sentence for people. */
export class RedisRefusal extends Error {
  override readonly name = "RedisRefusal";
}

/** A script arrived after its deadline and did nothing. `nowMs`: by Redis's clock. */
export class TooLate extends StoreUnavailable {
  readonly nowMs: number;

  constructor(nowMs: number) {
    super("Redis got a call only after its deadline, and did nothing.");
    this.nowMs = nowMs;
  }
}

/** A script that Redis does not know yet, or no more. */
export class ScriptUnknown extends Error {
  override readonly name = "ScriptUnknown";
}

/** Redis's words for what was not applied and may be later, at the beginning of an error or within a script's. */
const NOT_NOW =
  /\b(TRYAGAIN|LOADING|CLUSTERDOWN|OOM|READONLY|MASTERDOWN|NOREPLICAS|BUSY|MISCONF|MOVED|ASK|UNKILLABLE|NOAUTH|WRONGPASS|NOPERM)\b/;

/** The client speaks of its own options. */
function inOurWords(message: string): string {
  if (message.includes("enableOfflineQueue")) return "there is no connection.";
  return message.includes("maxRetriesPerRequest") ? "the connection was lost." : message;
}

/** Of any error that a call ended with. What is neither Redis's answer nor ours is the connection's. */
export function troubleOf(error: unknown): Error {
  if (error instanceof StoreUnavailable) return error;
  if (!(error instanceof Error)) return new StoreUnavailable(`Redis cannot be reached: ${String(error)}`);
  const { message } = error;
  if (error.name !== "ReplyError") return new StoreUnavailable(`Redis cannot be reached: ${inOurWords(message)}`, { cause: error });
  if (message.startsWith("TROUPELOST")) return new DataLost(LOST, { cause: error });
  if (message.startsWith("TROUPELATE")) return new TooLate(Number(message.split(" ")[1]));
  if (message.startsWith("NOSCRIPT")) return new ScriptUnknown(message);
  if (NOT_NOW.test(message)) return new StoreUnavailable(`Redis cannot now: ${message}`, { cause: error });
  return new Error(`Redis refused a call: ${message}`, { cause: error });
}

export const LOST =
  "Redis does not hold what it held: it was emptied, or it is another one. Nothing is written to it. Restore its data, or stop every instance and start anew.";

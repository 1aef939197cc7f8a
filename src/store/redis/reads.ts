/**
 * Reads of executions: whole, in parts, and which of a lane are active. They are plain commands, so that Redis copies no log for a script.
 */
import type { LaneKeys } from "./keys.ts";
import type { LaneCalls } from "./calls/lane-calls.ts";
import type { PartCalls } from "./calls/part-calls.ts";
import { scripts } from "./calls/scripts.ts";
import { type StoredSummary, unpackChunk, unpackSummary } from "./summary.ts";
import { type Chunk, type StoredExecution, StoreUnavailable, type Summary } from "../store.ts";

/** The number of loads of one execution that meet a commit before the store counts as away. */
const LOAD_ATTEMPTS = 5;

export async function loadExecution(calls: LaneCalls, keys: LaneKeys, id: string): Promise<StoredExecution | null> {
  for (let attempt = 0; attempt < LOAD_ATTEMPTS; attempt++) {
    const [packed, log] = await calls.read(keys.record, ["get", keys.summary(id)], ["lrange", keys.log(id), "0", "-1"]);
    if (typeof packed !== "string") return null;
    const [origin, ...elements] = log as readonly string[];
    if (origin === undefined) continue;
    const { summary, bodyHash } = unpackSummary(id, packed, origin);
    // A commit may have come between the two reads. What it appended is left out.
    const chunks = elements.map(unpackChunk).filter(({ to }) => to <= summary.sequence);
    const [definitionText] = await calls.read(keys.record, ["get", keys.definition(summary.definition)]);
    if (typeof definitionText === "string" && chunks.at(-1)?.to === summary.sequence) return { summary, definitionText, bodyHash, chunks };
    // Deleted meanwhile, and perhaps created again.
  }
  throw new StoreUnavailable(`Execution ${id} could not be read as one whole.`);
}

export async function chunksAfter(calls: LaneCalls, keys: LaneKeys, id: string, sequence: number): Promise<readonly Chunk[]> {
  const call = { script: scripts.chunks, keys: [keys.summary(id), keys.log(id)], args: [String(sequence)] };
  const elements = (await calls.run(keys.record, call)) as readonly string[];
  return elements.map(unpackChunk);
}

/** A summary with its stored form, which shows later whether it has changed; null if there is none. */
export type ReadSummary = StoredSummary & { readonly packed: string };

/** The summaries of the ids, in order. `calls`: those of the script `summary`. */
export async function readSummaries(calls: PartCalls, keys: LaneKeys, ids: readonly string[]): Promise<readonly (ReadSummary | null)[]> {
  if (ids.length === 0) return [];
  const named = [keys.record];
  for (const id of ids) named.push(keys.summary(id), keys.log(id));
  const cells = (await calls.run({ keys: named, args: [String(ids.length)], length: 0 })) as readonly (string | null)[];
  return ids.map((id, at) => {
    const [packed, origin] = [cells[2 * at], cells[2 * at + 1]];
    return typeof packed === "string" && typeof origin === "string" ? { ...unpackSummary(id, packed, origin), packed } : null;
  });
}

export async function readSummary(calls: PartCalls, keys: LaneKeys, id: string): Promise<Summary | null> {
  return (await readSummaries(calls, keys, [id]))[0]?.summary ?? null;
}

export async function readLarge(
  calls: LaneCalls,
  keys: LaneKeys,
  id: string,
  texts: readonly string[],
): Promise<readonly (string | null)[]> {
  if (texts.length === 0) return [];
  const [found] = await calls.read(keys.record, ["hmget", keys.big(id), ...texts]);
  return found as readonly (string | null)[];
}

export async function readActive(calls: LaneCalls, keys: LaneKeys): Promise<readonly string[]> {
  const [ids] = await calls.read(keys.record, ["zrange", keys.active, "0", "-1"]);
  return ids as readonly string[];
}

/**
 * Offers of attempts in a lane, and who has claimed them. Calls that come too late do nothing, because nobody would know any more what they
 * claimed or took back.
 */
import type { Reply } from "./calls/connection.ts";
import type { LaneKeys } from "./keys.ts";
import type { LaneCalls } from "./calls/lane-calls.ts";
import { type Script, scripts } from "./calls/scripts.ts";
import type { Claim, Offer, OfferView } from "../shared-store.ts";
import type { Lease } from "../store.ts";

/** The offers or ids of one script: a few ms of Redis. */
const OFFERS_MAX = 1_000;
/** The number of parts of a batch. They are numbered within it by fractions that are exact. */
const PARTS_MAX = 4_096;

/** A batch of offers. `number`: the batch's, given by its owner. */
type OfferBatch = { readonly lease: Lease; readonly offers: readonly Offer[]; readonly number: number };

export async function offer(calls: LaneCalls, keys: LaneKeys, { lease, offers, number }: OfferBatch): Promise<"offered" | "fenced"> {
  for (let part = 0; part === 0 || part * OFFERS_MAX < offers.length; part++) {
    const args = [lease.bootId, String(lease.epoch), String(number + part / PARTS_MAX)];
    for (const { id, execution, body } of offers.slice(part * OFFERS_MAX, (part + 1) * OFFERS_MAX)) args.push(id, execution, body);
    if ((await run(calls, keys, { script: scripts.offer, args })) === "fenced") return "fenced";
  }
  return "offered";
}

/** The offers in a lane: all, or those of `ids` that exist. */
export async function offersIn(calls: LaneCalls, keys: LaneKeys, ids?: readonly string[]): Promise<readonly OfferView[]> {
  if (ids === undefined) {
    const [cells] = await calls.read(keys.record, ["hgetall", keys.offers]);
    return viewsOf(cells as readonly string[]);
  }
  const records = await recordsOf(calls, keys, ids);
  return ids.flatMap((id, at) => viewOf(id, records[at] ?? null));
}

/** Claims offers. `level`: the claimer's. */
export async function claim(calls: LaneCalls, keys: LaneKeys, wanted: Claim, level: number): Promise<readonly Offer[]> {
  const { bootId, number, max, awayMax, can } = wanted;
  const args = [bootId, String(number), String(max), String(awayMax), String(level), ...can];
  const cells = (await run(calls, keys, { script: scripts.claim, args, more: [keys.claims] })) as readonly string[];
  const offers: Offer[] = [];
  for (let at = 0; at < cells.length; at += 3) {
    offers.push({ id: cells[at] as string, execution: cells[at + 1] as string, body: cells[at + 2] as string });
  }
  return offers;
}

export async function withdraw(
  calls: LaneCalls,
  keys: LaneKeys,
  lease: Lease,
  ids: readonly string[],
): Promise<readonly OfferView[] | "fenced"> {
  const claimed: OfferView[] = [];
  for (let at = 0; at === 0 || at < ids.length; at += OFFERS_MAX) {
    const args = [lease.bootId, String(lease.epoch), ...ids.slice(at, at + OFFERS_MAX)];
    const cells = await run(calls, keys, { script: scripts.withdraw, args });
    if (cells === "fenced") return "fenced";
    claimed.push(...viewsOf(cells as readonly string[]));
  }
  return claimed;
}

export async function discard(calls: LaneCalls, keys: LaneKeys, ids: readonly string[]): Promise<void> {
  for (let at = 0; at === 0 || at < ids.length; at += OFFERS_MAX) {
    await run(calls, keys, { script: scripts.discard, args: ids.slice(at, at + OFFERS_MAX) });
  }
}

export async function heldClaims(calls: LaneCalls, keys: LaneKeys, bootId: string, ids: readonly string[]): Promise<readonly string[]> {
  const records = await recordsOf(calls, keys, ids);
  return ids.filter((_, at) => records[at]?.startsWith(`${bootId}\n`) === true);
}

/** A script's call. `more`: keys beside those that all calls have. */
type OfferCall = { readonly script: Script; readonly args: readonly string[]; readonly more?: readonly string[] };

function run(calls: LaneCalls, keys: LaneKeys, { script, args, more = [] }: OfferCall): Promise<Reply> {
  return calls.runInTime(keys.record, { script, keys: [keys.offers, keys.offerBodies, keys.unclaimed, ...more], args });
}

async function recordsOf(calls: LaneCalls, keys: LaneKeys, ids: readonly string[]): Promise<readonly (string | null)[]> {
  // Also if nothing is asked for: a store that is away says so.
  const [records] = await calls.read(keys.record, ["hmget", keys.offers, "", ...ids]);
  return (records as readonly (string | null)[]).slice(1);
}

/** The views of ids and records in turn. */
function viewsOf(cells: readonly string[]): OfferView[] {
  const views: OfferView[] = [];
  for (let at = 0; at < cells.length; at += 2) views.push(...viewOf(cells[at] as string, cells[at + 1] ?? null));
  return views;
}

/** The view of a record: the claimer or nothing, a newline, the execution. One or none. */
function viewOf(id: string, record: string | null): readonly OfferView[] {
  if (record === null) return [];
  const line = record.indexOf("\n");
  return [{ id, execution: record.slice(line + 1), claimedBy: line === 0 ? null : record.slice(0, line) }];
}

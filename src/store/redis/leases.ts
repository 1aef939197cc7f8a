/**
 * Leases of lanes and members, by Redis's clock, and the level in use. They have a connection of their own, so that a queue of commits does
 * not delay them.
 */
import type { LaneKeys, RedisKeys } from "./keys.ts";
import type { LaneCalls } from "./calls/lane-calls.ts";
import type { PartCalls } from "./calls/part-calls.ts";
import { scripts } from "./calls/scripts.ts";
import type { LaneView, Member, MemberView, Pending, Renewal, Taken } from "../shared-store.ts";
import type { Lease } from "../store.ts";

/**
 * A wish for a lane. `ttlMs`: 0 takes the lane whoever has it, for no time. `seenEpoch`: the highest epoch of the lane that this boot has
 * seen. `level`: this build's.
 */
type Wish = { readonly lane: number; readonly bootId: string; readonly ttlMs: number; readonly seenEpoch: number; readonly level: number };

export async function takeLane(calls: LaneCalls, keys: LaneKeys, { lane, bootId, ttlMs, seenEpoch, level }: Wish): Promise<Taken> {
  const args = [bootId, String(ttlMs), String(seenEpoch), String(level)];
  const call = { script: scripts.take, keys: [keys.offers, keys.offerBodies, keys.unclaimed], args };
  const answer = await calls.runInTime(keys.record, call);
  const [taken, value, died, takers] = answer as readonly [0 | 1, string | number, string, string];
  if (taken === 0) return { type: "held", remainingMs: Number(value) };
  const lease = { lane, bootId, epoch: Number(value), diedBootId: died === "" ? null : died };
  return { type: "taken", lease, takers: Number(takers) };
}

/** The calls that renew leases, both on the connection of the leases. `renewals`: those of the script `renew`. */
type LeaseCalls = { readonly calls: LaneCalls; readonly renewals: PartCalls };

export async function renewLease({ calls, renewals }: LeaseCalls, keys: LaneKeys, lease: Lease, ttlMs: number): Promise<Renewal> {
  const named = [keys.record, keys.commands, keys.offers, keys.outbox];
  const args = [lease.bootId, String(lease.epoch), String(ttlMs)];
  const answer = await calls.inTime(keys.record, (deadline) => renewals.run({ keys: named, args: [deadline, ...args], length: 0 }));
  const [type, ...counts] = answer as readonly ["renewed" | "lapsed" | "lost", ...number[]];
  if (type !== "renewed") return { type };
  const [commands = 0, created = 0, offers = 0, outboxEntries = 0, outboxBytes = 0] = counts;
  const pending: Pending = { commands, created, offers, outboxEntries, outboxBytes };
  return { type, pending };
}

export async function releaseLease(calls: LaneCalls, keys: LaneKeys, { bootId, epoch }: Lease): Promise<void> {
  await calls.run(keys.record, { script: scripts.release, args: [bootId, String(epoch)] });
}

/** Views a lane. `views`: those of the script `lease`, on the connection of the leases. */
export async function viewLane(views: PartCalls, keys: LaneKeys, lane: number, ttlMs: number): Promise<LaneView> {
  const answer = await views.run({ keys: [keys.record], args: [String(ttlMs)], length: 0 });
  const [bootId, epoch, remainingMs, itsTtlMs] = answer as readonly [string, number, number, number];
  return { lane, bootId: bootId === "" ? null : bootId, epoch, remainingMs, ttlMs: itsTtlMs };
}

/** The answer to a beat. `level`: the one in use. */
export type Beat = { readonly members: readonly MemberView[]; readonly level: number };

/** An instance as it shows itself. `level`: its build's. */
export type Shown = { readonly member: Member; readonly ttlMs: number; readonly level: number };

export async function beat(calls: LaneCalls, keys: RedisKeys, { member, ttlMs, level }: Shown): Promise<Beat> {
  const args = [member.bootId, JSON.stringify(member), String(ttlMs), String(level)];
  const call = { script: scripts.beat, keys: [keys.members], args };
  const [nowMs, inUse, ...records] = (await calls.runInTime(keys.store, call)) as readonly string[];
  calls.told(keys.store, Number(nowMs));
  const members: MemberView[] = [];
  for (let at = 1; at < records.length; at += 2) members.push(viewMember(records[at] as string, Number(nowMs), ttlMs));
  return { members, level: Number(inUse) };
}

export async function leave(calls: LaneCalls, keys: RedisKeys, bootId: string): Promise<void> {
  await calls.read(keys.store, ["hdel", keys.members, bootId]);
}

/**
 * Raises the level in use. First no instance below it is let in, then none takes a lane or claims in it, and only then it is in use:
 * whoever learns of it may rely on all of that. What a failure leaves half done is done again.
 */
export async function raiseLevel(calls: LaneCalls, keys: RedisKeys, level: number): Promise<boolean> {
  const args = [String(level)];
  const mayRaise = await calls.runInTime(keys.store, { script: scripts.mayRaise, keys: [keys.members], args });
  if (mayRaise !== 1) return false;
  await Promise.all(keys.lanes.map(({ record }) => calls.run(record, { script: scripts.markLevel, args })));
  await calls.run(keys.store, { script: scripts.markLevel, args });
  return true;
}

/**
 * A member's view of `until beats ttl level {json}`; a build that did not say its TTL has `otherMs`, and one that did not say its level has
 * 1.
 */
function viewMember(record: string, nowMs: number, otherMs: number): MemberView {
  const json = record.indexOf("{");
  const [until, beats, ttl = "", level = "1"] = record.slice(0, json).trim().split(" ");
  const member = JSON.parse(record.slice(json)) as Member;
  const ttlMs = ttl === "" ? otherMs : Number(ttl);
  return { ...member, beats: Number(beats), remainingMs: Number(until) - nowMs, ttlMs, level: Number(level) };
}

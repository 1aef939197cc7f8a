/**
 * The placement of lanes: who should own which. Pure, and the same for all who see the same. Every member keeps what it has, up to its
 * share; the rest goes to those who have less, by the highest random weight (rendezvous). So shares differ by at most one, and a join or a
 * leave moves only what it must.
 */
import type { MemberView } from "../../store/shared-store.ts";

/** The number of beats after which a new member counts: one that crashes at its start moves nothing. */
export const COUNTS_AFTER_BEATS = 3;

/**
 * The member that should have each lane, null if there is no member. `owners`: by lane, the boot that has it, or null. `members`: those
 * that count.
 */
export function placeLanes(owners: readonly (string | null)[], members: readonly string[]): readonly (string | null)[] {
  const held = new Map<string, number[]>(members.map((member) => [member, []]));
  owners.forEach((owner, lane) => void held.get(owner ?? "")?.push(lane));
  const room = quotas(owners.length, held);
  const targets: (string | null)[] = owners.map(() => null);
  for (const [member, lanes] of held) {
    const weightOf = new Map(lanes.map((lane) => [lane, weight(member, lane)]));
    lanes.sort((a, b) => (weightOf.get(b) ?? 0) - (weightOf.get(a) ?? 0) || a - b);
    for (const lane of lanes.slice(0, room.get(member))) give(lane, member);
  }
  targets.forEach((target, lane) => {
    if (target !== null) return;
    const heir = heaviest(lane, members, (member) => (room.get(member) ?? 0) > 0);
    if (heir !== null) give(lane, heir);
  });
  return targets;

  function give(lane: number, member: string): void {
    targets[lane] = member;
    room.set(member, (room.get(member) ?? 0) - 1);
  }
}

/** The boots that count in the placement: alive, not leaving, and there for a while, if anybody is. */
export function countedMembers(members: readonly MemberView[]): readonly string[] {
  const staying = members.filter(({ leaving, remainingMs }) => !leaving && remainingMs > 0);
  const settled = staying.filter(({ beats }) => beats >= COUNTS_AFTER_BEATS);
  return (settled.length > 0 ? settled : staying).map(({ bootId }) => bootId);
}

/**
 * The number of lanes that each may have. The larger shares are for those that fill them already. Among these the order stays the same
 * while lanes move: otherwise two who look at different moments would both give one away.
 */
function quotas(lanes: number, held: ReadonlyMap<string, readonly number[]>): Map<string, number> {
  const share = Math.floor(lanes / held.size);
  const larger = lanes % held.size;
  const filled = (its: readonly number[]) => Math.min(its.length, share + 1);
  const ranked = [...held].sort(([a, some], [b, others]) => filled(others) - filled(some) || (a < b ? -1 : 1));
  return new Map(ranked.map(([member], rank) => [member, rank < larger ? share + 1 : share]));
}

function heaviest(lane: number, members: readonly string[], mayHave: (member: string) => boolean): string | null {
  let best: { readonly member: string; readonly weight: number } | null = null;
  for (const member of members) {
    if (!mayHave(member)) continue;
    const own = weight(member, lane);
    if (best === null || own > best.weight || (own === best.weight && member < best.member)) best = { member, weight: own };
  }
  return best?.member ?? null;
}

/** A number that is random, and always the same for this member and lane: FNV-1a, its bits mixed as by MurmurHash3. */
function weight(member: string, lane: number): number {
  let hash = 0x811c9dc5 ^ lane;
  for (let at = 0; at < member.length; at++) hash = Math.imul(hash ^ member.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The division of lanes: what an instance should do about them, from one look at all of them. Pure. */
import type { LaneView, MemberView } from "../../store/shared-store.ts";
import { timesOf } from "./lease.ts";
import { countedMembers, placeLanes } from "./placement.ts";

export type Look = {
  readonly bootId: string;
  readonly members: readonly MemberView[];
  readonly lanes: readonly LaneView[];
  /** Whether others whose leases last for so long may be judged by this look. */
  readonly mayJudge: (ttlMs: number) => boolean;
  /** This instance's own lanes, and those that it is about to take or to give away: the latter are nobody's. */
  readonly own: (lane: number) => "held" | "moving" | null;
  /** Since when lanes have been seen without an owner, at the last look. */
  readonly freeSinceMs: ReadonlyMap<number, number>;
  /** The time by the monotonic clock, like all times here. */
  readonly nowMs: number;
  readonly ttlMs: number;
};

export type Division = {
  readonly take: readonly number[];
  /** Lanes of this instance that another should have. */
  readonly give: readonly number[];
  /** The number of lanes that this instance should have. */
  readonly share: number;
  readonly freeSinceMs: ReadonlyMap<number, number>;
  /** When something may be over that is not now; null if the usual look will do. */
  readonly lookAgainInMs: number | null;
};

export function divide(look: Look): Division {
  const { bootId, members, lanes, own, nowMs, ttlMs } = look;
  const alive = new Set(members.filter(({ remainingMs }) => remainingMs > 0).map((member) => member.bootId));
  const states = lanes.map((view) => stateOf(look, view, alive));
  const targets = placeLanes(
    states.map(({ owner }) => owner),
    countedMembers(members),
  );
  const freeSinceMs = new Map<number, number>();
  const [take, give]: [number[], number[]] = [[], []];
  states.forEach(({ free, ttlMs: itsTtlMs }, lane) => {
    const target = targets[lane] ?? null;
    if (own(lane) === "held" && target !== bootId && target !== null) give.push(lane);
    if (free === "no") return;
    const since = look.freeSinceMs.get(lane) ?? nowMs;
    freeSinceMs.set(lane, since);
    // The one that should have it may not see what we see, or be in trouble: after a while anyone will do.
    const isForAnyone = look.mayJudge(ttlMs) && nowMs - since >= Math.max(ttlMs, free === "spared" ? itsTtlMs : 0);
    if (free === "mine" || (free === "yes" && target === bootId) || isForAnyone) take.push(lane);
  });
  const share = targets.filter((target) => target === bootId).length;
  const others = [...lanes, ...members].filter((each) => each.bootId !== bootId && each.bootId !== null);
  const soonest = soonestMs(others, ttlMs);
  // While many instances take many lanes, each sees the others' halfway. A lane that nobody takes as its own is looked at again.
  const isLeft = states.some(({ free }, lane) => free === "yes" && !take.includes(lane));
  return { take, give, share, freeSinceMs, lookAgainInMs: isLeft ? Math.min(soonest ?? LEFT_MS, LEFT_MS) : soonest };
}

/**
 * The state of a lane. `owner`: the boot that counts as having it. `free`: `mine` if it is this boot's and it does not know; `spared`: its
 * lease has lapsed, but its owner lives, and takes it again itself.
 */
type LaneState = { readonly owner: string | null; readonly free: "no" | "yes" | "mine" | "spared"; readonly ttlMs: number };

function stateOf({ bootId, own, mayJudge }: Look, view: LaneView, alive: ReadonlySet<string>): LaneState {
  const mine = own(view.lane);
  const { ttlMs } = view;
  if (mine !== null) return { owner: mine === "held" ? bootId : null, free: "no", ttlMs };
  if (view.bootId === null) return { owner: null, free: "yes", ttlMs };
  if (view.bootId === bootId) return { owner: bootId, free: "mine", ttlMs };
  if (view.remainingMs > 0 || !mayJudge(ttlMs)) return { owner: view.bootId, free: "no", ttlMs };
  return alive.has(view.bootId) ? { owner: view.bootId, free: "spared", ttlMs } : { owner: null, free: "yes", ttlMs };
}

/**
 * When the first of those leases ends that should have been renewed by now. An instance that is set to longer leases than the others looks
 * as often as they do: otherwise it could not judge them.
 */
function soonestMs(others: readonly { readonly remainingMs: number; readonly ttlMs: number }[], ownTtlMs: number): number | null {
  let soonest = Number.POSITIVE_INFINITY;
  for (const { remainingMs, ttlMs } of others) {
    if (remainingMs > 0 && remainingMs < ttlMs / 2) soonest = Math.min(soonest, remainingMs + SOON_MS);
    if (ttlMs > 0 && ttlMs < ownTtlMs) soonest = Math.min(soonest, timesOf(ttlMs).renewMs);
  }
  return Number.isFinite(soonest) ? soonest : null;
}

/** A margin, so that it is surely over then. */
const SOON_MS = 5;
/** The pause before a look whether somebody has taken what was free. */
const LEFT_MS = 100;

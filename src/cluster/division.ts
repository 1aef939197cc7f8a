/** What an instance should do about the lanes, from one look at all of them. Pure. */
import type { LaneView, MemberView } from "../store/shared-store.ts";
import { countedMembers, placeLanes } from "./placement.ts";

export type Look = {
  readonly bootId: string;
  readonly members: readonly MemberView[];
  readonly lanes: readonly LaneView[];
  /** Whether others may be judged by this look. */
  readonly mayJudge: boolean;
  /** This instance's own lanes, and those that it is about to take or to give away: the latter are nobody's. */
  readonly own: (lane: number) => "held" | "moving" | null;
  /** Since when lanes have been seen without an owner, at the last look. */
  readonly freeSinceMs: ReadonlyMap<number, number>;
  /** By the monotonic clock, as everything here. */
  readonly nowMs: number;
  readonly ttlMs: number;
};

export type Division = {
  readonly take: readonly number[];
  /** Lanes of this instance that another should have. */
  readonly give: readonly number[];
  /** How many lanes this instance should have. */
  readonly share: number;
  readonly freeSinceMs: ReadonlyMap<number, number>;
  /** When something may be over that is not now; null where the usual look will do. */
  readonly lookAgainInMs: number | null;
};

export function divide(look: Look): Division {
  const { bootId, members, lanes, own, nowMs, ttlMs } = look;
  const living = new Set(members.filter(({ remainingMs }) => remainingMs > 0).map((member) => member.bootId));
  const states = lanes.map((view) => stateOf(look, view, living));
  const targets = placeLanes(
    states.map(({ owner }) => owner),
    countedMembers(members),
  );
  const freeSinceMs = new Map<number, number>();
  const [take, give]: [number[], number[]] = [[], []];
  states.forEach(({ free }, lane) => {
    const target = targets[lane] ?? null;
    if (own(lane) === "held" && target !== bootId && target !== null) give.push(lane);
    if (free === "no") return;
    const since = look.freeSinceMs.get(lane) ?? nowMs;
    freeSinceMs.set(lane, since);
    // Whoever should have it may not see what we see, or be in trouble: after a while anyone will do.
    const isForAnyone = look.mayJudge && nowMs - since >= ttlMs;
    if (free === "mine" || (free === "yes" && target === bootId) || isForAnyone) take.push(lane);
  });
  const share = targets.filter((target) => target === bootId).length;
  const soonest = soonestMs(
    [...lanes, ...members].filter((each) => each.bootId !== bootId),
    ttlMs,
  );
  // While many take many, each sees the others' halfway: what nobody takes for his own is looked at again.
  const isLeft = states.some(({ free }, lane) => free === "yes" && !take.includes(lane));
  return { take, give, share, freeSinceMs, lookAgainInMs: isLeft ? Math.min(soonest ?? LEFT_MS, LEFT_MS) : soonest };
}

/**
 * `owner`: who counts as having it. `free`: `mine` where it is this boot's and it does not know; `spared`: its lease has
 * lapsed, but its owner lives, and takes it again itself.
 */
type LaneState = { readonly owner: string | null; readonly free: "no" | "yes" | "mine" | "spared" };

function stateOf({ bootId, own, mayJudge }: Look, view: LaneView, living: ReadonlySet<string>): LaneState {
  const mine = own(view.lane);
  if (mine !== null) return { owner: mine === "held" ? bootId : null, free: "no" };
  if (view.bootId === null) return { owner: null, free: "yes" };
  if (view.bootId === bootId) return { owner: bootId, free: "mine" };
  if (view.remainingMs > 0 || !mayJudge) return { owner: view.bootId, free: "no" };
  return living.has(view.bootId) ? { owner: view.bootId, free: "spared" } : { owner: null, free: "yes" };
}

/** When the first of those ends that should have been renewed by now. */
function soonestMs(leases: readonly { readonly remainingMs: number }[], ttlMs: number): number | null {
  let soonest = Number.POSITIVE_INFINITY;
  for (const { remainingMs } of leases) if (remainingMs > 0 && remainingMs < soonest) soonest = remainingMs;
  return soonest < ttlMs / 2 ? soonest + SOON_MS : null;
}

/** A little later, so that it is surely over then. */
const SOON_MS = 5;
/** How soon it is looked whether somebody has taken what was free. */
const LEFT_MS = 100;

/** The instances that use a shared memory store: which are alive, which level each knows, and which level is in use. */
import { FIRST_LEVEL } from "../../workflow/execution/level.ts";
import { BelowLevel, type Member, type MemberView } from "../shared-store.ts";

type Kept = { readonly member: Member; readonly level: number; readonly beats: number; readonly ttlMs: number; untilMs: number };

/** The time for which dead members are named. */
const MEMBER_KEPT_MS = 10 * 60_000;

export class MemoryMembers {
  #inUse = FIRST_LEVEL;
  #byBoot = new Map<string, Kept>();

  /** The level in use. */
  get level(): number {
    return this.#inUse;
  }

  /** Throws if the level in use is above `own`. */
  assertLevel(own: number): void {
    if (this.#inUse > own) throw new BelowLevel(this.#inUse, own);
  }

  beat(member: Member, level: number, ttlMs: number, nowMs: number): readonly MemberView[] {
    const members = this.#byBoot;
    const beats = (members.get(member.bootId)?.beats ?? 0) + 1;
    members.set(member.bootId, { member, level, beats, ttlMs, untilMs: nowMs + ttlMs });
    for (const [bootId, each] of members) {
      each.untilMs = Math.min(each.untilMs, nowMs + each.ttlMs);
      if (each.untilMs <= nowMs - MEMBER_KEPT_MS) members.delete(bootId);
    }
    return [...members.values()].map(({ member: its, untilMs, ...rest }) => ({ ...its, ...rest, remainingMs: untilMs - nowMs }));
  }

  leave(bootId: string): void {
    this.#byBoot.delete(bootId);
  }

  /** Raises the level; false if a living instance is below it. */
  raise(level: number, nowMs: number): boolean {
    if (this.#byBoot.values().some((each) => each.untilMs > nowMs && each.level < level)) return false;
    this.#inUse = Math.max(this.#inUse, level);
    return true;
  }

  /** A function that brings the members back once to how they are now. */
  past(): () => void {
    const level = this.#inUse;
    const members = [...this.#byBoot].map(([bootId, each]) => [bootId, { ...each }] as const);
    return () => {
      this.#inUse = level;
      this.#byBoot = new Map(members);
    };
  }
}

/** Brings a level into use once all instances know it. */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { SharedStore } from "../../store/shared-store.ts";
import { type Levelled, mayUse, risesTo, type Shown, shownBy, waitsFor } from "../policy/levels.ts";
import type { Members } from "./members.ts";

export type SharedLevels = {
  /** The members were looked at. */
  looked(): void;
  /** Why what needs this level cannot be taken now, as a sentence; null where it can. */
  obstacleTo(level: number): string | null;
};

export function createSharedLevels(options: {
  readonly store: SharedStore;
  readonly members: Members;
  readonly clock: Clock;
  readonly log: Log;
}): SharedLevels {
  const { store, members, clock, log } = options;
  let shown: Shown | null = null;
  let isRaising = false;

  function living(): readonly Levelled[] {
    return members.all.filter(({ remainingMs }) => remainingMs > 0);
  }

  async function raise(level: number): Promise<void> {
    isRaising = true;
    try {
      // False: an older one has come since the look.
      if (await store.raiseLevel(level)) log.info(`Level ${level} is in use from now on: older versions of Troupe are refused.`);
    } catch (error) {
      log.debug("The level in use could not be raised; tried again soon.", { level, error });
    } finally {
      isRaising = false;
    }
  }

  return {
    looked() {
      const nowMs = clock.monotonicMs();
      const ttlMs = Math.max(...members.all.map((member) => member.ttlMs));
      // After a stall of the store those who live may look dead.
      shown = members.mayJudge(ttlMs) ? shownBy(living(), shown, nowMs) : null;
      const level = risesTo(shown, store.level(), { nowMs, ttlMs });
      if (level !== null && !isRaising && mayUse(level, living())) void raise(level);
    },
    obstacleTo(level) {
      const inUse = store.level();
      return level <= inUse ? null : waitsFor(level, inUse, living());
    },
  };
}

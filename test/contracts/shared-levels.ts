/** The part of the shared stores' contract that is about levels: who may use the store once a newer build writes what an older one cannot read. */
import { describe, expect, test } from "bun:test";
import { BelowLevel, type Member, type SharedStore } from "../../src/store/shared-store.ts";
import { LEVEL } from "../../src/workflow/execution/level.ts";
import { LONG_MS } from "../store/in-lane.ts";
import { rejectionOf } from "./rejection.ts";
import { type SharedSubject, TTL_MS } from "./shared-ground.ts";

const NEW = 3;

function member(bootId: string): Member {
  return { bootId, name: bootId, threads: 1, leaving: false, outboxBytes: 0 };
}

function claim(store: SharedStore, number: number): Promise<unknown> {
  return store.claim(0, { bootId: "boot-9", number, max: 1, awayMax: 1, can: [] });
}

export function levelPromises(subject: SharedSubject): void {
  describe("the level in use", () => {
    test("is 1 where no build has raised it, and each beat tells it, and which level everybody knows", async () => {
      const newer = await subject.open(NEW);
      await subject.one.beat(member("old"), LONG_MS);
      const seen = await newer.beat(member("new"), LONG_MS);
      expect(seen.map(({ bootId, level }) => [bootId, level]).sort()).toEqual([
        ["new", NEW],
        ["old", LEVEL],
      ]);
      expect([subject.one.level(), newer.level()]).toEqual([1, 1]);
    });

    test("is not raised while an instance below it lives", async () => {
      const newer = await subject.open(NEW);
      await newer.beat(member("new"), LONG_MS);
      await subject.one.beat(member("old"), TTL_MS);
      expect(await newer.raiseLevel(NEW)).toBe(false);
      await newer.beat(member("new"), LONG_MS);
      expect(newer.level()).toBe(1);
      await subject.one.takeLease(0, "old", LONG_MS);
      await subject.lapse();
      expect(await newer.raiseLevel(NEW)).toBe(true);
      await newer.beat(member("new"), LONG_MS);
      expect(newer.level()).toBe(NEW);
    });

    test("is raised once, and never lowered", async () => {
      const [newer, newest] = [await subject.open(NEW), await subject.open(NEW + 1)];
      for (const level of [NEW, NEW, NEW + 1, NEW]) expect(await newest.raiseLevel(level)).toBe(true);
      await newest.beat(member("newest"), LONG_MS);
      expect(newest.level()).toBe(NEW + 1);
      expect(await rejectionOf(newer.beat(member("new"), LONG_MS))).toBeInstanceOf(BelowLevel);
    });

    test("keeps an instance below it, that comes back from a pause, from being shown, from lanes and from claims", async () => {
      const newer = await subject.open(NEW);
      const lease = await subject.lease(1, "old");
      expect(await newer.raiseLevel(NEW)).toBe(true);
      const refused = [
        () => subject.one.beat(member("old"), LONG_MS),
        () => subject.one.takeLease(0, "old", LONG_MS),
        () => subject.one.takeLease(1, "old", LONG_MS),
        () => claim(subject.one, 1),
      ];
      for (const call of refused) expect(await rejectionOf(call())).toBeInstanceOf(BelowLevel);
      expect(await newer.beat(member("new"), LONG_MS)).toMatchObject([{ bootId: "new" }]);
      // What it has under way it may still end.
      expect(await subject.commit(lease, 1, [])).toMatchObject({ type: "done" });
      await subject.one.release(lease);
      expect(await newer.takeLease(1, "new", LONG_MS)).toMatchObject({ type: "taken" });
      expect(await claim(newer, 1)).toEqual([]);
    });

    test("is told in a sentence to whoever is below it", async () => {
      const newer = await subject.open(NEW);
      await newer.raiseLevel(NEW);
      const rejection = await rejectionOf(subject.one.beat(member("old"), LONG_MS));
      expect(rejection).toHaveProperty(
        "message",
        `The store is in use by a newer version of Troupe (level ${NEW}; this version knows level ${LEVEL}): start this instance with that version.`,
      );
    });
  });
}

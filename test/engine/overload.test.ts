/** More work than the store can do: what is taken is done in time, the rest is refused at once, and nothing collapses. */
import { describe, expect, test } from "bun:test";
import { createLoadShedding } from "../../src/engine/load-shedding.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { Scene } from "../sim/scene.ts";
import { World } from "../sim/world.ts";

const SECONDS = 10;
const NODES = [{ id: "a", handler: "noop" }, ...["b", "c", "d"].map((id) => ({ id, handler: "noop", dependencies: ["a"] }))];
/** What the store does one after the other: so long for each execution of a create, and for each entry of a commit. */
const CREATE_MS = 2;
const ENTRY_MS = 1;

/** A store that does one thing at a time, as Redis does. */
function busyStore(store: Store, world: World, ended: (id: string) => void): Store {
  let freeAtMs = 0;
  const inTurn = async <Answer>(costMs: number, act: () => Promise<Answer>): Promise<Answer> => {
    freeAtMs = Math.max(freeAtMs, world.nowMs()) + costMs;
    await new Promise<void>((resolve) => void world.after(freeAtMs - world.nowMs(), resolve));
    return act();
  };
  const [create, commit] = [store.create.bind(store), store.commit.bind(store)];
  return Object.assign(store, {
    create: (batch: Parameters<Store["create"]>[0]) => inTurn(CREATE_MS * batch.length, () => create(batch)),
    async commit(lane: number, whole: Parameters<Store["commit"]>[1]) {
      const answer = await inTurn(ENTRY_MS * whole.entries.length, () => commit(lane, whole));
      for (const { summary } of whole.entries) if (summary.status === "COMPLETED") ended(summary.id);
      return answer;
    },
  });
}

type Played = {
  readonly done: number;
  readonly stored: number;
  readonly taken: number;
  readonly times: readonly number[];
  readonly refusalMs: readonly number[];
};

/** Each is due at its time, whether or not those before have ended: created, triggered, and waited for. */
async function play(rate: number): Promise<Played> {
  const world = new World();
  const dueAt = new Map<string, number>();
  const ends = new Map<string, number>();
  const scene = await Scene.start({ world, through: (store) => busyStore(store, world, (id) => void ends.set(id, world.nowMs())) });
  const { engine } = scene;
  const checked = await scene.after(engine.check(JSON.stringify({ name: "test", dag: { nodes: NODES } }), "workflow"));
  if (!checked.ok) throw new Error("The definition is refused.");
  const { definition } = checked;
  const refusalMs: number[] = [];
  const endMs = world.nowMs() + SECONDS * 1_000;
  let asked = 0;

  async function one(): Promise<void> {
    const dueAtMs = world.nowMs();
    if (engine.admit("create") !== null) return void refusalMs.push(0);
    const created = await engine.create({ definition, trigger: null, idempotency: null });
    if (created.type !== "created") return void refusalMs.push(world.nowMs() - dueAtMs);
    dueAt.set(created.id, dueAtMs);
    if (engine.admit("trigger") === null) await engine.command(created.id, { type: "Trigger", params: null });
  }

  const count = rate * SECONDS;
  for (let at = 0; at < count; at++) world.after((at * 1_000) / rate, () => void one().finally(() => void (asked += 1)));
  await world.pass(SECONDS * 1_000);
  const done = [...ends.values()].filter((atMs) => atMs <= endMs).length;
  while (asked < count) await world.pass(100);
  await world.pass(20_000);
  const stored = (await openMemoryStore(scene.files).list({ limit: count })).length;
  const times = Array.from(ends, ([id, atMs]) => atMs - (dueAt.get(id) ?? 0)).toSorted((a, b) => a - b);
  return { done, taken: dueAt.size, stored, times, refusalMs: refusalMs.toSorted((a, b) => a - b) };
}

const late = (times: readonly number[]): number => times[Math.floor(times.length * 0.99)] ?? 0;

describe("an engine that gets twice of what its store can do", () => {
  test("does nearly as much as at its capacity, in time, and stores nothing that it has refused", async () => {
    // Far above what it can do, so that there is always something to do.
    const capacity = Math.max(...(await Promise.all([120, 160, 200].map(async (rate) => (await play(rate)).done / SECONDS))));
    const { done, taken, stored, times, refusalMs } = await play(Math.round(2 * capacity));
    expect(done / SECONDS).toBeGreaterThanOrEqual(0.8 * capacity);
    expect(late(times)).toBeLessThan(3_000);
    expect(late(refusalMs)).toBeLessThan(100);
    expect(stored).toBe(taken);
  });
});

/** A burst of some thousands is done by then. */
const GRACE_MS = 1_500;
const STORE_GRACE_MS = 1_500;

/** Everything is told: what has been done, what is in hand, since when the store owes an answer. */
function told() {
  const world = new World();
  const inHand = { pending: 0, done: 0 };
  const store: { waitingSinceMs: number | null } = { waitingSinceMs: null };
  const shedding = createLoadShedding({ clock: world, lines: () => [{ waitingSinceMs: null }, store], inHand });
  const refused = (): string =>
    (shedding.refusalOf("create") === null ? "" : "no create ") + (shedding.refusalOf("trigger") === null ? "" : "no trigger");
  return {
    ...{ world, inHand, store, shedding, refused },
    async after(ms: number): Promise<string> {
      await world.pass(ms);
      return refused();
    },
    /** So long, at 1,000 a second, while so much is in hand; what was refused on the way. */
    async working(ms: number, pending: number): Promise<readonly string[]> {
      const seen = new Set<string>();
      for (let passedMs = 0; passedMs < ms; passedMs += 10) {
        inHand.done += 10;
        inHand.pending = pending;
        await world.pass(10);
        seen.add(refused());
      }
      return [...seen];
    },
  };
}

describe("what waits for the store", () => {
  test("refuses nobody because the store stood still for a second, and everybody while a queue stands", async () => {
    const { world, store, after } = told();
    const begin = world.monotonicMs();
    expect(await after(0)).toBe("");
    store.waitingSinceMs = begin;
    expect(await after(1_200)).toBe("");
    store.waitingSinceMs = begin + 1_200;
    expect(await after(50)).toBe("");
    // Now it stays: nothing that is asked for waits less than the target.
    expect(await after(350)).toBe("");
    for (let age = 400; age < STORE_GRACE_MS + 200; age += 100) {
      store.waitingSinceMs = world.monotonicMs() - age;
      expect(await after(100)).toBe("");
    }
    expect(await after(100)).toBe("no create no trigger");
    store.waitingSinceMs = world.monotonicMs() - 50;
    expect(await after(50)).toBe("");
    // It is the same overload.
    expect(await after(300)).toBe("no create ");
    store.waitingSinceMs = null;
    expect(await after(20_000)).toBe("");
    store.waitingSinceMs = world.monotonicMs();
    expect(await after(600)).toBe("");
  });

  test("is not taken to stand where nobody has looked meanwhile", async () => {
    const { world, store, after } = told();
    for (let time = 0; time < 5; time++) {
      store.waitingSinceMs = world.monotonicMs();
      expect(await after(600)).toBe("");
    }
  });
});

describe("what this process has in hand", () => {
  test("refuses nobody while it is done in time, or in a burst", async () => {
    const { inHand, working, shedding } = told();
    expect(await working(2_000, 200)).toEqual([""]);
    expect(await working(GRACE_MS - 100, 2_000)).toEqual([""]);
    expect(await working(500, 0)).toEqual([""]);
    expect(await working(GRACE_MS - 100, 2_000)).toEqual([""]);
    expect(inHand.done).toBeGreaterThan(0);
    expect(shedding.isOn).toBe(false);
  });

  test("says nothing by the first that ever come, nor by those after a rest", async () => {
    const { world, inHand, refused, working } = told();
    inHand.pending = 1_000;
    expect(refused()).toBe("");
    inHand.pending = 0;
    await working(1_000, 10);
    await world.pass(3_600_000);
    expect(await working(2_000, 10)).toEqual([""]);
  });

  test("is held where what is taken is done in time, once it stood, and creates give way to triggers", async () => {
    const { inHand, shedding, refused, working } = told();
    await working(2_000, 100);
    expect(await working(GRACE_MS + 300, 400)).toContain("no create ");
    expect(shedding.isOn).toBe(true);
    // Each that is taken counts from then on, long before it has waited.
    let taken = 0;
    for (inHand.pending = 0; shedding.refusalOf("create") === null; inHand.pending++) taken += 1;
    expect([taken >= 140, taken <= 160]).toEqual([true, true]);
    for (taken = inHand.pending; shedding.refusalOf("trigger") === null; inHand.pending++) taken += 1;
    expect([taken >= 460, taken <= 540]).toEqual([true, true]);
    expect(refused()).toBe("no create no trigger");
  });

  test("is passed over when that is long ago", async () => {
    const { shedding, working } = told();
    await working(2_000, 100);
    await working(GRACE_MS + 300, 400);
    expect(shedding.isOn).toBe(true);
    expect(await working(9_000, 100)).toEqual([""]);
    expect(shedding.isOn).toBe(true);
    expect(await working(1_500, 100)).toEqual([""]);
    expect(shedding.isOn).toBe(false);
    expect(await working(600, 400)).toEqual([""]);
  });

  test("may fall for a moment, when a heap of it was done at once", async () => {
    const { inHand, working } = told();
    await working(2_000, 100);
    for (let passedMs = 0; passedMs + 300 < GRACE_MS; passedMs += 300) {
      expect(await working(200, 400)).toEqual([""]);
      expect(await working(100, 50)).toEqual([""]);
    }
    expect(await working(400, 400)).toContain("no create ");
    expect(inHand.pending).toBe(400);
  });

  test("is over when nothing has waited for two seconds: what comes then is another burst", async () => {
    const { world, inHand, shedding, working } = told();
    await working(2_000, 100);
    expect(await working(GRACE_MS + 300, 2_000)).toContain("no create no trigger");
    // Nobody asks: the last that is done tells.
    inHand.done += inHand.pending;
    inHand.pending = 0;
    shedding.done();
    await world.pass(1_900);
    expect(shedding.isOn).toBe(true);
    await world.pass(100);
    expect(shedding.isOn).toBe(false);
    expect(await working(600, 2_000)).toEqual([""]);
  });

  test("is known to stand where what is new comes in heaps, further apart than it is remembered", async () => {
    const { world, inHand, shedding, refused, working } = told();
    await working(2_000, 100);
    const seen: string[] = [];
    for (let heap = 0; heap < 4; heap++) {
      while (inHand.pending < 1_000 && shedding.refusalOf("create") === null) inHand.pending += 1;
      seen.push(refused());
      for (let passedMs = 0; passedMs < 700; passedMs += 10) {
        inHand.done += 10;
        inHand.pending -= 10;
        await world.pass(10);
        shedding.done();
      }
    }
    expect(seen).toEqual(["", "", "", "no create "]);
  });
});

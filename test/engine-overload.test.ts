/** More work than the store can do: what is taken is done in time, the rest is refused at once, and nothing collapses. */
import { describe, expect, test } from "bun:test";
import { createLoadShedding } from "../src/engine-load-shedding.ts";
import { openMemoryStore } from "../src/store/memory.ts";
import type { Store } from "../src/store/store.ts";
import { Scene } from "./sim/scene.ts";
import { World } from "./sim/world.ts";

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
    const created = await engine.create({ definition, trigger: null, idempotency: null });
    if (created.type !== "created") return void refusalMs.push(world.nowMs() - dueAtMs);
    dueAt.set(created.id, dueAtMs);
    await engine.trigger(created.id, null);
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

  test("refuses nobody because the store stood still for a second, and everybody while a queue stands", async () => {
    const world = new World();
    let sinceMs: number | null = null;
    const refusalOf = createLoadShedding(world, () => [null, sinceMs]);
    const refusalAt = async (ms: number, since: number | null) => {
      sinceMs = since;
      await world.pass(ms);
      return (refusalOf("create") === null ? "" : "no create ") + (refusalOf("trigger") === null ? "" : "no trigger");
    };
    const begin = world.monotonicMs();
    expect(await refusalAt(0, null)).toBe("");
    expect(await refusalAt(1_200, begin)).toBe("");
    expect(await refusalAt(1, begin + 1_200)).toBe("");
    // Now it stays: nothing that is asked for waits less than the target.
    expect(await refusalAt(500, begin + 1_200)).toBe("");
    expect(await refusalAt(900, begin + 1_900)).toBe("no create ");
    expect(await refusalAt(600, begin + 1_900)).toBe("no create no trigger");
    expect(await refusalAt(1, begin + 3_100)).toBe("");
    // It is the same overload.
    expect(await refusalAt(400, begin + 3_200)).toBe("no create ");
    expect(await refusalAt(20_000, null)).toBe("");
    expect(await refusalAt(600, world.monotonicMs())).toBe("");
  });
});

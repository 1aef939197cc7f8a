/** Several instances of the whole engine on one store: what is handed over before its supervisor has looked at it, one scene each. */
import { describe, expect, test } from "bun:test";
import type { SharedStore } from "../../src/store/shared-store.ts";
import { toMessages } from "../../src/bus/kafka/records.ts";
import { Understood } from "../bus/relay/documented-reader.ts";
import { rememberPast } from "../store/memory/past.ts";
import { ok } from "../sim/scene.ts";
import { lanesOf, Several } from "../sim/several.ts";
import { storedLog } from "../sim/stored-log.ts";

const step = (id: string) => ({ id, handler: "step", dependencies: [] });

/** Holds what the named instances load until it is opened. */
function gate(names: readonly string[]) {
  let opened = Promise.withResolvers<void>();
  opened.resolve();
  const held: string[] = [];
  return {
    held,
    shut(): void {
      opened = Promise.withResolvers();
    },
    open: () => opened.resolve(),
    through(store: SharedStore, name: string): SharedStore {
      if (!names.includes(name)) return store;
      const load: SharedStore["load"] = async (id) => {
        held.push(id);
        await opened.promise;
        return store.load(id);
      };
      return new Proxy(store, {
        get(target, call) {
          const value: unknown = call === "load" ? load : Reflect.get(target, call, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
}

/** An execution of one node whose lane the named instance owns. */
async function ownedBy(several: Several, owner: string, node: string): Promise<string> {
  for (;;) {
    const id = await several.create(owner, [step(node)]);
    if ((await several.ownerOf(id)) === owner) return id;
  }
}

describe("what is handed over before its supervisor has looked at it", () => {
  test("and was running here in a past that the store fell into runs again elsewhere, also while this instance lives on", async () => {
    const loads = gate(["a"]);
    const several = await Several.start(2, {
      nodes: {
        x: () => new Promise((resolve) => void several.world.after(200, () => resolve(ok("1")))),
        // For as long as this runs the instance does not end.
        long: () => new Promise<never>(() => undefined),
      },
      through: loads.through,
    });
    const [x, long] = [await ownedBy(several, "a", "x"), await ownedBy(several, "a", "long")];
    await several.trigger("a", long);
    await several.trigger("a", x);
    await several.world.until(() => several.begun.includes("a: x/1"), "x has begun");
    await several.world.pass(100);
    const fallBack = rememberPast(several.files);
    expect(await several.ended("a", x)).toBe("COMPLETED");
    await several.world.pass(100);
    loads.shut();
    fallBack();
    await several.world.until(() => loads.held.includes(x), "the owner reads the execution anew");
    // It ends slowly only while it knows that the store answers.
    await several.world.pass(1_100);
    let isOver = false;
    void several
      .at("a")
      .engine.stop(60_000)
      .then(() => {
        isOver = true;
      });
    await several.world.pass(10);
    loads.open();
    await several.world.until(() => lanesOf(several.at("b").engine) === 8, "b owns all lanes");
    expect(await several.ended("b", x)).toBe("COMPLETED");
    expect(isOver).toBe(false);
    expect(several.begun).toEqual(["a: long/1", "a: x/1", "b: x/2"]);
    const log = await storedLog(several.truth, x);
    expect(log?.events.filter(({ type }) => type === "AttemptLost")).toMatchObject([{ attempt: 1, death: false }]);
  });

  test("and whose owner before has died has that death in its log, once", async () => {
    const loads = gate(["b", "c"]);
    const several = await Several.start(3, {
      nodes: { x: (attempt) => (attempt.attempt > 1 ? ok("1") : new Promise<never>(() => undefined)) },
      through: loads.through,
    });
    const id = await ownedBy(several, "a", "x");
    await several.trigger("a", id);
    await several.world.until(() => several.begun.length === 1, "x has begun");
    await several.world.pass(100);
    const dead = several.at("a").engine.health().cluster?.bootId;
    loads.shut();
    several.kill("a");
    await several.world.until(() => loads.held.includes(id), "another owner reads the execution");
    const next = await several.ownerOf(id);
    const last = next === "b" ? "c" : "b";
    void several.at(next).engine.stop(60_000);
    await several.world.pass(10);
    loads.open();
    expect(await several.ended(last, id)).toBe("COMPLETED");
    const log = await storedLog(several.truth, id);
    expect(log?.events.filter(({ type }) => type === "OwnerDied")).toMatchObject([{ bootId: dead }]);
    expect(several.begun).toEqual(["a: x/1", `${last}: x/2`]);
  });
});

test("what the stream was told of a lane that has gone to another instance is taken back where the store has forgotten it", async () => {
  const several = await Several.start(1, {
    lanes: 2,
    nodes: { x: () => new Promise((resolve) => void several.world.after(200, () => resolve(ok("1")))) },
  });
  const byLane = new Map<number, string>();
  while (byLane.size < 2) {
    const id = await several.create("a", [step("x")]);
    byLane.set(several.truth.laneOf(id), id);
  }
  const fallBack = rememberPast(several.files);
  for (const id of byLane.values()) await several.trigger("a", id);
  for (const id of byLane.values()) expect(await several.ended("a", id)).toBe("COMPLETED");
  await several.join("b");
  await several.world.until(() => several.instances.every(({ engine }) => lanesOf(engine) === 1), "one lane has moved");
  fallBack();
  await several.world.pass(10_000);
  const rewound = several.published.filter((record) => "rewoundTo" in record);
  expect(new Set(rewound.map(({ execution }) => execution))).toEqual(new Set(byLane.values()));
  const understood = new Understood();
  for (const record of several.published) for (const { value } of toMessages(record, 100_000)) understood.read(value);
  for (const id of byLane.values()) expect(understood.words(id)).toEqual(["created"]);
});

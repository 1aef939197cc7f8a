/** Instances of an older and of a newer build on one store: what only the newer one knows waits for it, and nothing of it is lost or misread. */
import { describe, expect, test } from "bun:test";
import type { Needs } from "../../src/engine/parts.ts";
import { newerCommands, newerEvents, newerOffers } from "../sim/newer-build.ts";
import { ok } from "../sim/scene.ts";
import { lanesOf, Several, type SeveralOptions } from "../sim/several.ts";

const step = (id: string, after: readonly string[] = []) => ({ id, handler: "step", dependencies: after });
const isNew = (name: string): boolean => name.startsWith("new");
const levelOf = (name: string): number => (isNew(name) ? 2 : 1);

/** One instance with every lane. */
async function startOne(name: string, options: SeveralOptions): Promise<Several> {
  const several = await Several.start(0, { lanes: 2, levelOf, ...options });
  await several.join(name);
  await several.world.until(() => lanesOf(several.at(name).engine) === 2, `${name} owns every lane`);
  return several;
}

/** As by SIGTERM. */
async function end(several: Several, name: string): Promise<void> {
  await several.after(several.at(name).engine.stop(1_000));
  several.kill(name);
}

async function isShared(several: Several): Promise<void> {
  await several.world.until(() => several.instances.every(({ engine }) => lanesOf(engine) === 1), "each owns a lane");
}

describe("what needs a level that is not in use", () => {
  const needs: Needs = { definition: (text) => (text.includes('"later"') ? 2 : 1), command: ({ type }) => (type === "Cancel" ? 2 : 1) };
  const create = async (several: Several, name: string) => {
    const { engine } = several.at(name);
    const checked = await engine.check(JSON.stringify({ name: "later", dag: { nodes: [step("a")] } }), "workflow");
    if (!checked.ok) throw new Error("The test's definition is refused.");
    return several.after(engine.create({ definition: checked.definition, trigger: null, idempotency: null }));
  };

  test("is refused with who does not know it, and taken once every instance has known it for a TTL", async () => {
    const several = await startOne("old", { needs });
    await several.join("new");
    await isShared(several);
    const refusal = {
      type: "unavailable",
      reason: "This needs level 2, and level 1 is in use: it is taken when every instance is of a version that knows it, and old is not.",
    };
    expect(await create(several, "new")).toMatchObject(refusal);
    const id = await several.create("new", [step("a")]);
    const command = () => several.after(several.at("new").engine.command(id, { type: "Cancel", reason: null }));
    expect(await command()).toMatchObject(refusal);
    expect((await several.after(several.truth.summary(id)))?.status).toBe("PENDING");
    await end(several, "old");
    await several.world.until(() => several.files.members.level === 2, "level 2 is in use");
    await several.world.pass(2_000);
    expect(await create(several, "new")).toMatchObject({ type: "created" });
    expect(await command()).toMatchObject({ type: "accepted" });
    expect((await several.view("new", id)).status).toBe("CANCELLED");
    expect(several.at("new").logged.map(({ message }) => message)).toContain(
      "Level 2 is in use from now on: older versions of Troupe are refused.",
    );
  });

  test("is not taken while an instance that is silent may still hold lanes", async () => {
    const several = await startOne("old", { needs });
    await several.join("new");
    await isShared(several);
    several.kill("old");
    const killedAtMs = several.world.nowMs();
    await several.world.until(() => several.files.members.level === 2, "level 2 is in use");
    expect(several.world.nowMs() - killedAtMs).toBeGreaterThanOrEqual(2 * 3_000 - 1_000);
  });
});

describe("an instance below the level in use", () => {
  test("refuses to start, with a sentence", async () => {
    const several = await startOne("new", {});
    await several.world.until(() => several.files.members.level === 2, "level 2 is in use");
    await expect(several.join("old")).rejects.toThrow(
      "The store is in use by a newer version of Troupe (level 2; this version knows level 1): start this instance with that version.",
    );
  });

  test("that comes back from a pause takes no lane, claims nothing, and says why it is not ready", async () => {
    const several = await startOne("old", { slots: 1 });
    await several.join("new");
    await isShared(several);
    const old = several.at("old");
    old.life.pause();
    await several.world.until(() => several.files.members.level === 2, "level 2 is in use");
    await several.world.until(() => lanesOf(several.at("new").engine) === 2, "the newer one owns every lane");
    old.life.resume();
    await several.world.pass(20_000);
    expect(lanesOf(old.engine)).toBe(0);
    expect(old.engine.health().obstacle).toContain("The store is in use by a newer version of Troupe");
    expect(lanesOf(several.at("new").engine)).toBe(2);
    expect(old.logged.filter(({ level }) => level === "error")).toHaveLength(1);
  });
});

describe("an offer that an older instance cannot read", () => {
  test("goes back at once, and is run by its owner: nothing runs twice, and it is not claimed there again and again", async () => {
    const wide = [step("root"), ...Array.from({ length: 30 }, (_, at) => step(`n${at}`, ["root"]))];
    const run = () => new Promise<ReturnType<typeof ok>>((resolve) => void several.world.after(200, () => resolve(ok("1"))));
    let claims = 0;
    const several: Several = await startOne("new", {
      slots: 2,
      nodes: Object.fromEntries(wide.slice(1).map(({ id }) => [id, run])),
      through(store, name) {
        if (isNew(name)) return newerOffers(store, () => true);
        const claim = store.claim.bind(store);
        return Object.assign(store, {
          claim: async (...asked: Parameters<typeof claim>) => {
            const offers = await claim(...asked);
            claims += offers.length > 0 ? 1 : 0;
            return offers;
          },
        });
      },
    });
    await several.join("old");
    await isShared(several);
    let id = "";
    do id = await several.create("new", wide);
    while ((await several.ownerOf(id)) !== "new");
    await several.trigger("new", id);
    expect(await several.ended("new", id)).toBe("COMPLETED");
    expect(claims).toBe(1);
    expect(several.begun.filter((each) => each.startsWith("old"))).toEqual([]);
    expect(new Set(several.begun.map((each) => each.split("/")[0])).size).toBe(several.begun.length);
    expect(
      several
        .at("old")
        .logged.filter(({ level }) => level === "error")
        .map(({ message }) => message),
    ).toEqual(["An offer cannot be read here, and goes back to its owner."]);
  });
});

describe("a command of a kind that an older instance does not know", () => {
  test("waits in the store for a newer one, also through an end and a start of the older one, and holds up nothing behind it", async () => {
    const several = await startOne("old", {});
    const id = await several.create("old", [step("a")]);
    const other = await several.create("old", [step("a")]);
    await several.after(several.truth.send({ id: "c-1", execution: id, body: '{"type":"begin","params":null}' }));
    await several.after(several.truth.send({ id: "c-2", execution: other, body: '{"type":"trigger","params":null}' }));
    expect(await several.ended("old", other)).toBe("COMPLETED");
    await end(several, "old");
    await several.join("old again");
    await several.world.pass(120_000);
    expect(await several.after(several.truth.receiptOf(id, "c-1"))).toBeNull();
    expect((await several.view("old again", id)).status).toBe("PENDING");
    await end(several, "old again");
    const newer = await several.join("new");
    expect(newer.name).toBe("new");
    await several.world.pass(5_000);
    expect(await several.after(several.truth.receiptOf(id, "c-1"))).toBeNull();
  });

  test("is answered by the newer one, as soon as that has the lane", async () => {
    const several = await startOne("old", { through: (store, name) => (isNew(name) ? newerCommands(store) : store) });
    const id = await several.create("old", [step("a")]);
    await several.after(several.truth.send({ id: "c-1", execution: id, body: '{"type":"begin","params":null}' }));
    await several.world.pass(10_000);
    await end(several, "old");
    await several.join("new");
    expect(await several.ended("new", id)).toBe("COMPLETED");
    expect(await several.after(several.truth.receiptOf(id, "c-1"))).toBe('{"type":"done"}');
  });
});

describe("an execution with an event that an older instance does not know", () => {
  test("is left alone by it and told of once; it moves to a newer one in good order, which goes on with it", async () => {
    const several = await startOne("new", {
      through: (store, name) => (isNew(name) ? newerEvents(store) : store),
      nodes: { slow: () => new Promise(() => undefined), after: () => ok("1") },
      levelOf: () => 1,
    });
    const id = await several.create("new", [step("slow"), step("after", ["slow"])]);
    const other = await several.create("new", [step("after")]);
    await several.trigger("new", id);
    await several.world.pass(2_000);
    await end(several, "new");
    const { engine, logged } = await several.join("old");
    await several.world.until(() => lanesOf(engine) === 2, "the older one owns every lane");
    const before = await several.after(several.truth.summary(id));
    await several.world.pass(60_000);
    expect(await several.after(several.truth.summary(id))).toEqual(before);
    expect(logged.filter(({ message }) => message.startsWith("An execution is left alone")).map(({ fields }) => fields?.execution)).toEqual(
      [id],
    );
    await expect(several.after(engine.view(id))).rejects.toThrow('an event "set_out", which this version of Troupe does not know');
    expect((await several.after(engine.list({ limit: 10 }))).map((summary) => summary.id).sort()).toEqual([id, other].sort());
    expect(engine.isStalled(id)).toBe(true);
    expect(await several.after(engine.command(id, { type: "Trigger", params: null }))).toMatchObject({ type: "unavailable" });
    // What else is in the lanes goes on.
    await several.trigger("old", other);
    expect(await several.ended("old", other)).toBe("COMPLETED");
    await several.join("newest");
    await isShared(several);
    await end(several, "old");
    await several.world.until(() => lanesOf(several.at("newest").engine) === 2, "the newer one owns every lane");
    await several.world.until(() => several.begun.includes("newest: slow/2"), "what the first one gave back runs again");
    expect(several.begun.filter((each) => each.includes("slow"))).toEqual(["new: slow/1", "newest: slow/2"]);
  });
});

/** Events that cannot be published for long: what is taken, and what is started, until they can. */
import { describe, expect, test } from "bun:test";
import { ok } from "../sim/scene.ts";
import { Several } from "../sim/several.ts";

const step = (id: string, after: readonly string[] = []) => ({ id, handler: "step", dependencies: after });
const MUCH = 2 ** 30;

describe("an outbox that is too full", () => {
  test("refuses new executions and triggers at every instance, while what runs goes on; and takes them again when it has emptied", async () => {
    const several = await Several.start(2, { outboxBytes: { max: 300, hold: MUCH } });
    several.isStreamAway = true;
    const waits = await several.create("a", [step("x")]);
    const runs = await several.create("a", [step("x"), step("y", ["x"]), step("z", ["y"])]);
    expect(await several.trigger("b", runs)).toEqual({ type: "accepted" });
    expect(await several.ended("b", runs)).toBe("COMPLETED");
    // Its bytes are told with renewals, and to the others with the next look.
    await several.world.pass(3_000);
    for (const name of ["a", "b"]) {
      expect(await several.trigger(name, waits)).toMatchObject({
        type: "unavailable",
        reason: expect.stringContaining("wait to be published"),
      });
      expect(several.at(name).engine.health().obstacle).toBeNull();
      const { engine } = several.at(name);
      const checked = await engine.check(JSON.stringify({ name: "new", dag: { nodes: [step("x")] } }), "workflow");
      if (!checked.ok) throw new Error("The test's definition is refused.");
      const created = await several.after(engine.create({ definition: checked.definition, trigger: null, idempotency: null }));
      expect(created).toMatchObject({ type: "unavailable" });
    }
    several.isStreamAway = false;
    await several.world.pass(8_000);
    expect(await several.trigger("a", waits)).toEqual({ type: "accepted" });
    expect(await several.ended("a", waits)).toBe("COMPLETED");
  });

  test("starts no node above the second limit, lets what runs end, and goes on when it has emptied", async () => {
    let end = (): void => undefined;
    const several = await Several.start(2, {
      outboxBytes: { max: MUCH, hold: 150 },
      nodes: {
        x: () =>
          new Promise((resolve) => {
            end = () => resolve(ok('"done"'));
          }),
      },
    });
    several.isStreamAway = true;
    const id = await several.create("a", [step("x"), step("y", ["x"])]);
    await several.trigger("a", id);
    await several.world.pass(3_000);
    end();
    await several.world.pass(3_000);
    expect((await several.view("a", id)).nodes.map(({ state }) => state)).toEqual(["COMPLETED", "QUEUED"]);
    expect(several.begun.map((each) => each.slice(3))).toEqual(["x/1"]);
    several.isStreamAway = false;
    expect(await several.ended("b", id)).toBe("COMPLETED");
    expect(several.begun.map((each) => each.slice(3))).toEqual(["x/1", "y/1"]);
  });
});

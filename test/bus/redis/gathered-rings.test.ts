/** Rings that go out together: what says the same is said once, and there is a limit. */
import { describe, expect, test } from "bun:test";
import { createGatheredRings } from "../../../src/bus/redis/gathered-rings.ts";
import { readRings, writeRings } from "../../../src/bus/redis/ring-text.ts";

describe("gathered rings", () => {
  test("say each thing once, and then are empty", () => {
    const gathered = createGatheredRings();
    for (let times = 0; times < 3; times++) {
      gathered.add({ type: "commands", lane: 1 });
      gathered.add({ type: "offers", lane: 1 });
      gathered.add({ type: "members" });
      gathered.add({ type: "born", lane: 2, executions: [`x${times}`] });
    }
    expect(gathered.take()).toEqual({
      rings: [
        { type: "members" },
        { type: "commands", lane: 1 },
        { type: "born", lane: 2, executions: ["x0", "x1", "x2"] },
        { type: "offers", lane: 1 },
      ],
      leftOut: 0,
    });
    expect(gathered.empty).toBe(true);
    expect(gathered.take().rings).toEqual([]);
  });

  test("leave out ids that are too many, and say how many", () => {
    const gathered = createGatheredRings(3);
    gathered.add({ type: "ended", executions: ["a", "b"] });
    gathered.add({ type: "answered", lane: 1, commands: ["c", "d", "e"] });
    expect(gathered.take()).toEqual({
      rings: [
        { type: "answered", lane: 1, commands: ["c"] },
        { type: "ended", executions: ["a", "b"] },
      ],
      leftOut: 2,
    });
    gathered.add({ type: "ended", executions: ["f"] });
    expect(gathered.take()).toEqual({ rings: [{ type: "ended", executions: ["f"] }], leftOut: 0 });
  });

  test("are read as they were written; what is not known is counted", () => {
    const rings = [{ type: "members" } as const, { type: "ended", executions: ["x"] } as const];
    expect(readRings(writeRings({ from: "boot", rings }))).toEqual({ from: "boot", rings, unknown: 0 });
    expect(readRings(`{"from":"boot","rings":[{"type":"new"},{"type":"commands","lane":"1"},{"type":"members"}]}`)).toEqual({
      from: "boot",
      rings: [{ type: "members" }],
      unknown: 2,
    });
    expect(readRings("…")).toBeNull();
  });
});

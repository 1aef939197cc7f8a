/** Lines of which there may be ten thousand a second. */
import { describe, expect, test } from "bun:test";
import { logBursts } from "../../../src/env/log/bursts.ts";
import { World } from "../../sim/world.ts";
import { recordingLog } from "./recording-log.ts";

const PERIOD_MS = 10_000;

function started() {
  const world = new World();
  const { log, entries } = recordingLog();
  return { world, entries, bursts: logBursts(log, world), leftOut: () => entries.filter(({ fields }) => "leftOut" in fields) };
}

describe("lines of one kind", () => {
  test("are all written where they are few, and no timer is set", async () => {
    const { world, entries, bursts } = started();
    for (let line = 0; line < 20; line++) bursts.warn("Bad.", { handler: "h", code: "c", node: line });
    expect(entries.map(({ level, message, fields }) => [level, message, fields.node])).toEqual(
      Array.from({ length: 20 }, (_, node) => ["warn", "Bad.", node]),
    );
    await world.pass(2 * PERIOD_MS);
    expect(entries).toHaveLength(20);
  });

  test("are a burst where they are many, and how many more there were is said once a period", async () => {
    const { world, entries, bursts, leftOut } = started();
    for (let second = 0; second < 25; second++) {
      for (let line = 0; line < 1_000; line++) bursts.warn("Bad.", { handler: "h", code: "c", node: line });
      await world.pass(1_000);
    }
    await world.pass(PERIOD_MS);
    const counts = leftOut().map(({ fields }) => fields.leftOut as number);
    expect(counts).toHaveLength(3);
    expect(entries.length - counts.length + counts.reduce((sum, count) => sum + count, 0)).toBe(25_000);
    expect(entries).toHaveLength(3 * 20 + 3);
    expect(leftOut()[0]).toEqual({
      level: "warn",
      message: "Further lines like these were left out.",
      fields: { line: "Bad.", handler: "h", code: "c", leftOut: counts[0], periodMs: PERIOD_MS },
    });
  });

  test("begin anew after a period that nothing was left out of", async () => {
    const { world, entries, bursts } = started();
    for (let period = 0; period < 3; period++) {
      for (let line = 0; line < 20; line++) bursts.error("Worse.");
      await world.pass(PERIOD_MS);
    }
    expect(entries).toHaveLength(60);
  });
});

test("another level, message, handler, code or name is another kind", () => {
  const { entries, bursts } = started();
  for (let line = 0; line < 100; line++) {
    bursts.warn("Bad.", { handler: "h", code: "c" });
    bursts.error("Bad.", { handler: "h", code: "c" });
    bursts.warn("Bad.", { handler: "h", code: "d" });
    bursts.warn("Bad.", { handler: "i", code: "c" });
    bursts.warn("Bad.", { name: "n" });
    bursts.warn("Good.", { handler: "h", code: "c" });
  }
  expect(entries).toHaveLength(6 * 20);
});

test("kinds without end are one kind from a hundred on", async () => {
  const { world, entries, bursts, leftOut } = started();
  for (let line = 0; line < 10_000; line++) bursts.warn("Bad.", { handler: "h", code: `order_${line}` });
  expect(entries).toHaveLength(100 + 20);
  await world.pass(PERIOD_MS);
  expect(leftOut().map(({ fields }) => fields)).toEqual([{ leftOut: 10_000 - 120, periodMs: PERIOD_MS }]);
});

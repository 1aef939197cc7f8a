/** What is done about a crash: a table. */
import { expect, test } from "bun:test";
import { directive } from "../../../src/actors/system/supervision.ts";

const intensity = { restarts: 3, periodMs: 1000 };

for (const [name, crashesAtMs, nowMs, expected] of [
  ["the first crash restarts soon", [0], 0, { type: "restart", afterMs: 10 }],
  ["each further crash waits twice as long", [0, 5], 5, { type: "restart", afterMs: 20 }],
  ["as many crashes as allowed still restart", [0, 5, 9], 9, { type: "restart", afterMs: 40 }],
  ["one more within the period stalls", [0, 5, 9, 12], 12, { type: "stall" }],
  ["crashes before the period are forgotten", [0, 5, 9, 1500], 1500, { type: "restart", afterMs: 10 }],
] as const) {
  test(name, () => expect(directive(crashesAtMs, nowMs, intensity)).toEqual(expected));
}

/** The inline pool: the contract, and what only it can show. */
import { expect, test } from "bun:test";
import { systemClock } from "../../src/env/clock.ts";
import { systemTurns } from "../../src/env/turns.ts";
import { createInlinePool } from "../../src/pool/inline-pool.ts";
import { overflowContract } from "../contracts/overflow.ts";
import { type MakePool, poolContract } from "../contracts/pool.ts";
import { World } from "../sim/world.ts";
import { attemptOf, FIXTURE_HANDLERS, runFixture } from "./fixtures/behaviours.ts";
import { Witness } from "./witness.ts";

const makePool: MakePool = (options) =>
  createInlinePool({ ...options, run: runFixture, handlers: FIXTURE_HANDLERS, clock: systemClock, turns: systemTurns });

poolContract("inline", makePool);
overflowContract("inline", makePool);

test("in a simulated world an hour's timeout takes a few steps, and comes at its time", async () => {
  const world = new World();
  const report = (sentence: string): void => expect(sentence).toBe("An attempt failed.");
  const options = { run: runFixture, handlers: FIXTURE_HANDLERS, slots: 10, abortGraceMs: 5_000, report, clock: world, turns: world };
  const pool = createInlinePool(options);
  const witness = new Witness();
  const attempts = pool.attach({ id: "e", name: "e" }, witness);
  const startedAtMs = world.nowMs();
  attempts.start(attemptOf("deaf", { node: 1, timeoutMs: 3_600_000 }));
  let steps = 0;
  while (witness.ends.length === 0 && steps < 100) {
    await world.step();
    steps += 1;
  }
  expect(witness.ends).toMatchObject([{ node: 1, outcome: { type: "failed", failure: { kind: "timeout" } } }]);
  expect(world.nowMs() - startedAtMs).toBeWithin(3_605_000, 3_605_100);
  expect(steps).toBeLessThan(40);
});

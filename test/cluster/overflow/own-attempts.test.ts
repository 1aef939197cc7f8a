import { expect, test } from "bun:test";
import { createOwnAttempts } from "../../../src/cluster/overflow/own-attempts.ts";
import { World } from "../../sim/world.ts";

const key = (node: number) => ({ execution: "an execution", node, attempt: 1 });

test("attempts of the last 30 seconds are accounted for once, those that are meant", async () => {
  const world = new World();
  const own = createOwnAttempts(world);
  own.note(key(1));
  await world.pass(20_000);
  own.note(key(2));
  own.note(key(3));
  await world.pass(20_000);
  expect(own.take(({ node }) => node !== 3)).toEqual([key(2)]);
  expect(own.take(() => true)).toEqual([key(3)]);
  expect(own.take(() => true)).toEqual([]);
});

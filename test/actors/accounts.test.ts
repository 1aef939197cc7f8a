import { expect, test } from "bun:test";
import { createAccounts } from "../../src/actors/accounts.ts";
import { World } from "../sim/world.ts";

const key = (node: number) => ({ execution: "an execution", node, attempt: 1 });

test("attempts of the last 30 seconds are accounted for once, those that are meant", async () => {
  const world = new World();
  const accounts = createAccounts(world);
  accounts.note(key(1));
  await world.pass(20_000);
  accounts.note(key(2));
  accounts.note(key(3));
  await world.pass(20_000);
  expect(accounts.take(({ node }) => node !== 3)).toEqual([key(2)]);
  expect(accounts.take(() => true)).toEqual([key(3)]);
  expect(accounts.take(() => true)).toEqual([]);
});

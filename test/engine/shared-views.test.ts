/** Readers of one wide execution share what is made to be shown, as long as nothing has happened to it. */
import { expect, test } from "bun:test";
import { serveApp } from "../http/served.ts";

const nodesOf = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `n${n}`, handler: "noop" }));

test("who reads a wide execution at the same time as others is shown the same, until something happens to it", async () => {
  const { engine, create, run } = await serveApp();
  const wide = await create(nodesOf(1_000));
  const [one, another] = await Promise.all([engine.view(wide), engine.view(wide)]);
  expect(one === another).toBe(true);
  await run(wide);
  const after = await engine.view(wide);
  expect([one?.status, after?.status, after?.nodes[999]?.state]).toEqual(["PENDING", "COMPLETED", "COMPLETED"]);
});

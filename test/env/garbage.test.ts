/** A burst's garbage. */
import { expect, test } from "bun:test";
import { heapSize } from "bun:jsc";
import { leftGarbage } from "../../src/env/garbage.ts";

test("what a burst has left is collected soon after it, without anybody asking for it", async () => {
  Bun.gc(true);
  const before = heapSize();
  let burst: { readonly id: string }[] | null = Array.from({ length: 500_000 }, (_, i) => ({ id: `node ${i}` }));
  const most = heapSize();
  expect(burst.length).toBe(500_000);
  burst = null;
  leftGarbage(most - before);
  // The test's own time limit is the failure: the collector alone would take longer.
  while (heapSize() > before + (most - before) / 4) await Bun.sleep(10);
});

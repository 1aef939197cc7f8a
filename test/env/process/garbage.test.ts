/** A burst's garbage. */
import { expect, spyOn, test } from "bun:test";
import { heapSize } from "bun:jsc";
import { collectedSoon, collectWhenIdle } from "../../../src/env/process/garbage.ts";

test("what a burst has left is collected soon after it, without anybody asking for it", async () => {
  Bun.gc(true);
  const before = heapSize();
  let burst: { readonly id: string }[] | null = Array.from({ length: 500_000 }, (_, i) => ({ id: `node ${i}` }));
  const most = heapSize();
  expect(burst.length).toBe(500_000);
  burst = null;
  collectWhenIdle(most - before);
  // The test's own time limit is the failure: the collector alone would take longer.
  while (heapSize() > before + (most - before) / 4) await Bun.sleep(10);
});

test("what is left in a large heap is collected too, beside the program: it never stands still for all that is needed", async () => {
  let needed: { readonly id: number; readonly of: readonly number[] }[] | null = [];
  while (heapSize() < 200 * 1024 * 1024) for (let i = 0; i < 10_000; i++) needed.push({ id: i, of: [i, i, i, i] });
  const asked = spyOn(Bun, "gc");
  collectWhenIdle(100 * 1024 * 1024);
  while (asked.mock.calls.length === 0) await Bun.sleep(10);
  expect(asked.mock.calls.every(([atOnce]) => atOnce === false)).toBe(true);
  expect(needed.length).toBeGreaterThan(10_000);
  needed = null;
  asked.mockRestore();
});

test("what one large piece of work has left is collected at once where that is quick", async () => {
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  let text: string | null = new TextDecoder().decode(new Uint8Array(100 * 1024 * 1024).fill(118));
  expect(text.length).toBeGreaterThan(0);
  text = null;
  await collectedSoon();
  await collectedSoon();
  expect(process.memoryUsage.rss() - before).toBeLessThan(60 * 1024 * 1024);
});

/** What waits: higher priority first, then in order of arrival. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { PriorityQueue } from "../../src/pool/priority-queue.ts";

type Item = { readonly name: number; readonly priority: number };

function drained<T>(queue: PriorityQueue<T>): readonly T[] {
  const items: T[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items;
}

test("the queue gives what a stable sort by priority gives, whatever comes in between", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("push" as const), priority: fc.nat(10) }),
    fc.record({ do: fc.constant("shift" as const) }),
    fc.record({ do: fc.constant("pop" as const) }),
    fc.record({ do: fc.constant("putBack" as const), priority: fc.nat(10), count: fc.nat(5) }),
    fc.record({ do: fc.constant("prune" as const), every: fc.integer({ min: 2, max: 4 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new PriorityQueue<Item>();
      let model: readonly Item[] = [];
      let name = 0;
      for (const each of steps) {
        if (each.do === "push") {
          const item = { name: name++, priority: each.priority };
          queue.push(item, item.priority);
          model = [...model, item];
        } else if (each.do === "putBack") {
          const items = Array.from({ length: each.count }, () => ({ name: name++, priority: each.priority }));
          queue.putBack(items, each.priority);
          model = [...items, ...model];
        } else if (each.do === "prune") {
          const keep = (item: Item): boolean => item.name % each.every !== 0;
          queue.prune(keep);
          model = model.filter(keep);
        } else if (each.do === "pop") {
          const last = model.toSorted((a, b) => b.priority - a.priority).at(-1);
          expect(queue.pop()).toEqual(last);
          model = model.filter((item) => item !== last);
        } else {
          const first = model.toSorted((a, b) => b.priority - a.priority)[0];
          expect(queue.shift()).toEqual(first);
          model = model.filter((item) => item !== first);
        }
        expect(queue.size).toBe(model.length);
      }
      expect(drained(queue)).toEqual(model.toSorted((a, b) => b.priority - a.priority));
    }),
  );
});

test("a line that is never empty does not grow for ever, and keeps its order", () => {
  const queue = new PriorityQueue<number>();
  for (let i = 0; i < 10_000; i += 1) queue.push(i, 5);
  for (let i = 0; i < 50_000; i += 1) {
    expect(queue.shift()).toBe(i);
    queue.push(10_000 + i, 5);
  }
  expect(queue.size).toBe(10_000);
});

test("a priority out of range counts as the nearest", () => {
  const queue = new PriorityQueue<string>();
  queue.push("low", -3);
  queue.push("high", 99);
  queue.push("middle", 5.9);
  expect(drained(queue)).toEqual(["high", "middle", "low"]);
});

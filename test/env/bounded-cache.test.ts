/** What a bounded cache keeps: what was used last, within its limit. */
import { expect, test } from "bun:test";
import { BoundedCache } from "../../src/env/bounded-cache.ts";

const NAMES = Array.from({ length: 40 }, (_, count) => `e${count}`);

function keptOf(cache: BoundedCache<string>): string[] {
  return NAMES.filter((name) => cache.get(name) !== undefined);
}

test("the limit is never passed, and what was not used for the longest goes first, an eighth of the limit at once", () => {
  const cache = new BoundedCache<string>(16);
  for (const name of NAMES.slice(0, 16)) cache.set(name, name, 1);
  expect(keptOf(cache)).toEqual(NAMES.slice(0, 16));
  cache.set("e16", "e16", 1);
  expect(keptOf(cache)).toEqual(NAMES.slice(3, 17));
});

test("what was used stays", () => {
  const cache = new BoundedCache<string>(16);
  for (const name of NAMES) {
    cache.set(name, name, 1);
    expect(cache.get("e0")).toBe("e0");
  }
});

test("what is set again counts once, and what is deleted no more", () => {
  const cache = new BoundedCache<string>(16);
  for (let round = 0; round < 10; round++) for (const name of NAMES.slice(0, 8)) cache.set(name, name, 2);
  expect(keptOf(cache)).toEqual(NAMES.slice(0, 8));
  for (const name of NAMES.slice(0, 4)) cache.delete(name);
  for (const name of NAMES.slice(20, 24)) cache.set(name, name, 2);
  expect(keptOf(cache)).toEqual([...NAMES.slice(4, 8), ...NAMES.slice(20, 24)]);
});

test("one that alone is over the limit stays until the next comes", () => {
  const cache = new BoundedCache<string>(16);
  cache.set("e0", "e0", 100);
  expect(cache.get("e0")).toBe("e0");
  cache.set("e1", "e1", 1);
  expect(keptOf(cache)).toEqual(["e1"]);
});

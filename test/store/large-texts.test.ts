/** Large texts: what is kept apart, what is at hand, and how often the store is asked. */
import { describe, expect, test } from "bun:test";
import { createLargeTexts } from "../../src/store/large-texts.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { LARGE_TEXT_BYTES, type Store } from "../../src/store/store.ts";

const MEGABYTE = 1024 * 1024;

function made(texts: Readonly<Record<string, string>> = {}, bytesMax = MEGABYTE) {
  const asked: string[] = [];
  const store: Store = Object.assign(openMemoryStore(), {
    large: (id: string, keys: readonly string[]) => {
      asked.push(...keys.map((key) => `${id}/${key}`));
      return Promise.resolve(keys.map((key) => texts[key] ?? null));
    },
  });
  return { largeTexts: createLargeTexts(store, bytesMax), asked };
}

describe("large texts", () => {
  test("are those of 64 KiB and more, in bytes, not in characters", () => {
    const { largeTexts } = made();
    const under = "x".repeat(LARGE_TEXT_BYTES - 1);
    expect(largeTexts.split("k", under)).toEqual({ text: under, apart: null });
    const wide = "€".repeat(Math.ceil(LARGE_TEXT_BYTES / 3));
    expect(largeTexts.split("k", wide)).toEqual({ text: { bytes: wide.length * 3 }, apart: { key: "k", text: wide } });
  });

  test("that were just made are at hand, until newer ones have taken their room", () => {
    const { largeTexts } = made({}, 2.5 * LARGE_TEXT_BYTES);
    const text = "x".repeat(LARGE_TEXT_BYTES);
    for (const key of ["a", "b"]) largeTexts.keep("e", { key, text });
    expect(largeTexts.peek("e", "a")).toBe(text);
    largeTexts.keep("e", { key: "c", text });
    expect([largeTexts.peek("e", "a") === text, largeTexts.peek("e", "b")]).toEqual([true, undefined]);
  });

  test("are read once, however many nodes ask for one in the same moment", async () => {
    const { largeTexts, asked } = made({ a: "text" });
    const found = await Promise.all(Array.from({ length: 1_000 }, () => largeTexts.fetch("e", ["a"])));
    expect(found.every((texts) => texts.get("a") === "text")).toBe(true);
    expect(asked).toEqual(["e/a"]);
    await largeTexts.fetch("e", ["a"]);
    expect(asked).toEqual(["e/a"]);
  });

  test("that the store has lost are an error that says which", async () => {
    const { largeTexts } = made();
    await expect(largeTexts.fetch("e", ["gone"])).rejects.toThrow("The store has lost gone of execution e");
  });
});

/** Stacks as failures keep them. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { stackOf } from "../../src/handlers/stack.ts";

const src = join(import.meta.dir, "../../src");

function withStack(error: Error, ...frames: readonly string[]): Error {
  error.stack = [`${error.name}: ${error.message}`, ...frames.map((frame) => `    at ${frame}`)].join("\n");
  return error;
}

test("without the frames of Troupe and of the runtime", () => {
  const error = withStack(
    new TypeError("no\nluck"),
    "charge (/app/handlers/charge.ts:12:9)",
    "async run (/app/handlers/charge.ts:4:20)",
    "/app/handlers/inner/x.ts:1:1",
    "request (/app/handlers/node_modules/shop/index.js:9:1)",
    `<anonymous> (${src}/actors/node.ts:50:1)`,
    `${src}/pool/host.ts:1:1`,
    "processTicksAndRejections (native:7:39)",
    "emit (node:events:95:22)",
    "map ([native code])",
    "fetch (unknown)",
  );
  expect(stackOf(error)).toBe(
    [
      "TypeError: no",
      "    at charge (/app/handlers/charge.ts:12:9)",
      "    at async run (/app/handlers/charge.ts:4:20)",
      "    at /app/handlers/inner/x.ts:1:1",
      "    at request (/app/handlers/node_modules/shop/index.js:9:1)",
    ].join("\n"),
  );
});

test("with those of its causes", () => {
  const cause = withStack(new Error("socket closed"), "dial (/h/net.ts:3:1)");
  const error = withStack(new Error("no answer", { cause }), "run (/h/a.ts:7:1)");
  expect(stackOf(error)).toBe("Error: no answer\n    at run (/h/a.ts:7:1)\ncaused by Error: socket closed\n    at dial (/h/net.ts:3:1)");
});

test("none where nothing of it is the user's, or there is none", () => {
  expect(stackOf(withStack(new Error("ours"), `run (${src}/handlers/llm.ts:1:1)`))).toBeUndefined();
  const bare = new Error("bare");
  Object.assign(bare, { stack: undefined });
  expect(stackOf(bare)).toBeUndefined();
});

test("of at most 2 KiB, in whole lines, whatever the message and however deep", () => {
  const frames = Array.from({ length: 200 }, (_, n) => `é${n} (/handlers/deep.ts:${n}:1)`);
  const stack = stackOf(withStack(new Error("x".repeat(10_000)), ...frames)) ?? "";
  expect(Buffer.byteLength(stack)).toBeLessThanOrEqual(2_048);
  expect(stack.split("\n").length).toBeGreaterThan(20);
  expect(stack.endsWith(":1)")).toBe(true);
  const looped = withStack(new Error("loop"), "run (/h/a.ts:1:1)");
  looped.cause = looped;
  expect(stackOf(looped)?.split("\n").length).toBeLessThan(20);
});

/** Definitions are checked the same way on the main thread and in a thread. */
import { afterAll, describe, expect, test } from "bun:test";
import { systemClock } from "../../src/env/clock.ts";
import { createDefinitionChecker } from "../../src/pool/definition-checker.ts";
import { DEFAULTS, LIMITS } from "../sim/instance.ts";

const catalog = new Map([["noop", { name: "noop", names: ["noop"], needs: [] }]]);
const options = { definitions: { limits: LIMITS, defaults: DEFAULTS, catalog }, clock: systemClock };
const here = createDefinitionChecker({ ...options, largeFrom: Number.POSITIVE_INFINITY });
const inThread = createDefinitionChecker({ ...options, largeFrom: 0 });
afterAll(() => inThread.close());

const node = (id: string, dependencies: readonly string[] = []) => ({
  id,
  handler: "noop",
  dependencies,
  config: { text: "{{ params.x }}" },
});

describe("a definition that is checked in a thread", () => {
  for (const [name, text] of [
    ["that is good", JSON.stringify({ name: "w", odd: 1, dag: { nodes: [node("a"), node("b", ["a"])] } })],
    ["with a cycle", JSON.stringify({ name: "w", dag: { nodes: [node("a", ["b"]), node("b", ["a"])] } })],
    ["of the wrong shape", '{"name":1,"dag":[]}'],
    ["that is no JSON", "{"],
  ] as const) {
    test(`${name} has the same answer as on the main thread`, async () => {
      expect(await inThread.check(text, "workflow")).toEqual(await here.check(text, "workflow"));
    });
  }

  test("may be asked for many times at once", async () => {
    const texts = Array.from({ length: 20 }, (_, count) => JSON.stringify({ name: `w${count}`, dag: { nodes: [node("a")] } }));
    const results = await Promise.all(texts.map((text) => inThread.check(text, "workflow")));
    expect(results.map((result) => (result.ok ? result.definition.plan.name : "refused"))).toEqual(texts.map((_, count) => `w${count}`));
  });

  test("is given up when the server stops", async () => {
    const stopping = createDefinitionChecker({ ...options, largeFrom: 0 });
    const asked = stopping.check(JSON.stringify({ name: "w", dag: { nodes: [node("a")] } }), "workflow");
    stopping.close();
    await expect(asked).rejects.toThrow("The server is stopping.");
  });
});

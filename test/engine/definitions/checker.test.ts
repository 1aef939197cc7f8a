/** Definitions are checked the same way on the main thread and in a thread. */
import { afterAll, describe, expect, test } from "bun:test";
import { systemClock } from "../../../src/env/clock.ts";
import { type CheckerOptions, createDefinitionChecker, type DefinitionChecker } from "../../../src/engine/definitions/checker.ts";
import { DEFAULTS, LIMITS } from "../../sim/instance.ts";
import { planOf } from "../../workflow/plan/plans.ts";
import { UnknownForm } from "../../../src/workflow/execution/level.ts";

const catalog = new Map([["noop", { name: "noop", names: ["noop"], needs: [] }]]);
const options = { definitions: { limits: LIMITS, defaults: DEFAULTS }, catalog: () => catalog, clock: systemClock };
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

describe("the main thread", () => {
  /** Reads in the thread what it says is large: what is still under way when it is closed, was there. */
  async function isInThread(ask: (checker: DefinitionChecker) => unknown, more: Partial<CheckerOptions> = {}): Promise<boolean> {
    const checker = createDefinitionChecker({ ...options, ...more });
    const answer = Promise.resolve(ask(checker)).then(
      () => false,
      (error: Error) => error.message === "The server is stopping.",
    );
    checker.close();
    return answer;
  }
  const large = `{"a":[1234567890123456789,${"1,".repeat(200_000)}1]}`;
  const plan = planOf([{ id: "a" }, { id: "o" }, { id: "b", after: ["a"] }, { id: "c", after: ["o", "b"] }, { id: "d", after: ["c"] }]);

  test("reads no YAML, however short", async () => {
    expect(await isInThread(({ yamlToJson }) => yamlToJson("a: 1"))).toBe(true);
    expect(await inThread.yamlToJson("a: [1, 12345678901234567890]")).toEqual({ ok: true, text: '{"a":[1,12345678901234567890]}' });
    expect(await inThread.yamlToJson("a: [1")).toMatchObject({ ok: false, kind: "broken" });
    expect(await inThread.yamlToJson("a: b\n".repeat(100_000))).toMatchObject({ ok: false, kind: "long" });
  });

  test("reads no large params, and the thread reads them as it would", async () => {
    expect(await isInThread(({ readParams }) => readParams(large))).toBe(true);
    expect(await isInThread(({ readParams }) => readParams('{"a":1}'))).toBe(false);
    const submitted = `{"definition":{"name":"w"},"params":${large}}`;
    expect(await isInThread(({ readSubmitted }) => readSubmitted(submitted))).toBe(true);
    expect(await inThread.readSubmitted(submitted)).toEqual({ ok: true, definition: '{"name":"w"}', params: large, isWrapped: true });
    for (const text of [large, `{"params": ${large}, "b": 1}`, `${large} x`, "[1]", "", "{"]) {
      expect(await inThread.readParams(text)).toEqual(await here.readParams(text));
    }
  });

  test("refuses a stored definition of a newer version, whatever its size: to a thread it would be a death", () => {
    const stored = `{"format":2,"name":"${"x".repeat(300_000)}"}`;
    for (const { compile } of [here, inThread]) expect(() => compile(stored)).toThrow(UnknownForm);
  });

  test("compiles no large stored definition, and the thread compiles it as it would", async () => {
    const sent = (text: string) => JSON.stringify({ name: "w", dag: { nodes: [{ ...node("a"), config: { text } }, node("b", ["a"])] } });
    for (const [text, isLarge] of [
      ["x", false],
      ["x".repeat(300_000), true],
    ] as const) {
      const checked = await here.check(sent(text), "workflow");
      const stored = checked.ok ? checked.definition.text : "";
      expect(await isInThread(({ compile }) => compile(stored))).toBe(isLarge);
      expect(await inThread.compile(stored)).toEqual(await here.compile(stored));
    }
  });

  test("makes and reads no JSON with large texts, and the thread does as it would", async () => {
    const texts = ['"', "\u2028", "\ud800", '{"textApart":0}', "x\n".repeat(100_000), "漢".repeat(70_000), large];
    const value = [1, null, texts, { a: texts, b: { c: large } }];
    expect(await isInThread(({ writeJson }) => writeJson(value))).toBe(true);
    const json = await inThread.writeJson(value);
    expect(json === JSON.stringify(value)).toBe(true);
    expect(await isInThread(({ readJson }) => readJson(json))).toBe(true);
    expect(await inThread.readJson(json)).toEqual(value);
    expect(await inThread.readJson(`${json}x`).catch((error: unknown) => error)).toBeInstanceOf(SyntaxError);
  });

  test("puts no large params over a config, and none at all where the definition does not allow it", async () => {
    const params = `{"a":${large}}`;
    expect(await isInThread(({ readTriggerParams }) => readTriggerParams(plan, params))).toBe(true);
    expect(await isInThread(({ readTriggerParams }) => readTriggerParams({ ...plan, overrides: [1] }, params))).toBe(true);
    expect(await isInThread(({ readTriggerParams }) => readTriggerParams({ ...plan, overrides: [] }, params))).toBe(false);
    expect(await inThread.readTriggerParams(plan, params)).toEqual(await here.readTriggerParams(plan, params));
  });

  test("walks no great graph to find out what a trigger's templates name", async () => {
    const params = '{"d":{"x":"{{ o.y }}"}}';
    expect(await isInThread(({ readTriggerParams }) => readTriggerParams(plan, params))).toBe(false);
    expect(await isInThread(({ readTriggerParams }) => readTriggerParams(plan, params), { stepsHere: 0 })).toBe(true);
  });

  test("walks none either to find out what a definition's do", async () => {
    const text = JSON.stringify({
      name: "w",
      dag: { nodes: [node("a"), node("o"), node("b", ["a"]), node("c", ["o", "b"]), { ...node("d", ["c"]), config: { x: "{{ o.y }}" } }] },
    });
    expect(await isInThread(({ check }) => check(text, "workflow"))).toBe(false);
    expect(await isInThread(({ check }) => check(text, "workflow"), { stepsHere: 0 })).toBe(true);
    const checker = createDefinitionChecker({ ...options, stepsHere: 0 });
    expect(await checker.check(text, "workflow")).toEqual(await here.check(text, "workflow"));
    checker.close();
  });
});

describe("YAML that takes long", () => {
  const hostile = (lists: number): string => `[${"[],".repeat(lists)}]`;

  test("holds up no large definition, and shorter documents only while one of it is read", async () => {
    const checker = createDefinitionChecker({ ...options, largeFrom: 0 });
    const done: string[] = [];
    await Promise.all([
      checker.yamlToJson(hostile(50_000)).then(() => done.push("first")),
      checker.yamlToJson(hostile(85_000)).then(() => done.push("longest")),
      checker.yamlToJson(hostile(80_000)).then(() => done.push("second")),
      checker.yamlToJson("a: 1").then(() => done.push("short")),
      checker.check(JSON.stringify({ name: "w", dag: { nodes: [node("a")] } }), "workflow").then(() => done.push("definition")),
    ]);
    expect(done.filter((each) => each !== "definition")).toEqual(["first", "short", "second", "longest"]);
    expect(done.indexOf("definition")).toBeLessThan(done.indexOf("second"));
    checker.close();
  });

  test("is given up, and what comes after it is read", async () => {
    const fires: (() => void)[] = [];
    const yamlMs = 7_777;
    const after = (ms: number, fire: () => void): (() => void) => {
      if (ms !== yamlMs) return systemClock.after(ms, fire);
      fires.push(fire);
      return () => undefined;
    };
    const checker = createDefinitionChecker({ ...options, clock: { ...systemClock, after }, yamlMs });
    const read = [checker.yamlToJson(hostile(85_000)), checker.yamlToJson("a: 1")];
    fires[0]?.();
    expect(await read[0]).toMatchObject({ ok: false, kind: "slow", reason: expect.stringContaining("7777 ms") });
    expect(await read[1]).toEqual({ ok: true, text: '{"a":1}' });
    checker.close();
  });
});

describe("a definition that was checked before", () => {
  const text = JSON.stringify({ name: "w", dag: { nodes: [node("a")] } });
  const checker = () => createDefinitionChecker({ ...options, largeFrom: Number.POSITIVE_INFINITY });

  test("is not checked again, whoever sends it: the answer is the same object", async () => {
    const { check } = checker();
    const first = await check(text, "workflow");
    expect(first.ok).toBe(true);
    expect(await check(`${text.slice(0, 5)}${text.slice(5)}`, "workflow")).toBe(first);
  });

  test("is another one where a single character differs, also a space", async () => {
    const { check } = checker();
    const first = await check(text, "workflow");
    const second = await check(`${text} `, "workflow");
    expect(second).not.toBe(first);
    expect(second).toEqual(first);
  });

  test("is checked by the rules of its form", async () => {
    const { check } = checker();
    expect((await check(text, "workflow")).ok).toBe(true);
    expect((await check(text, "steps")).ok).toBe(false);
    expect((await check(text, "workflow")).ok).toBe(true);
  });

  test("is checked again where it was refused", async () => {
    const { check } = checker();
    const first = await check("{", "workflow");
    const second = await check("{", "workflow");
    expect(second).not.toBe(first);
    expect(second).toEqual(first);
  });
});

/** One attempt in a thread: what becomes of the config, of what the handler returns, and of what it throws. */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { createNodeActor } from "../../src/node/node.ts";
import { defineHandler, type HandlerContext } from "../../src/handlers/handler.ts";
import { recordingLog } from "../env/log/recording-log.ts";
import { attemptOf, benchWith, completedNode, contextOf, failureOf, settings, textOf } from "../handlers/attempts.ts";

/** A handler that returns what the test says. */
const returning = (value: unknown) => benchWith([defineHandler({ name: "h", run: () => value })]).run(attemptOf("h"));
const throwing = (thrown: unknown) =>
  benchWith([
    defineHandler({
      name: "h",
      run() {
        // A user's module in JavaScript may throw anything.
        return Promise.reject(thrown);
      },
    }),
  ]).run(attemptOf("h"));

describe("what a handler is given", () => {
  test("may be taken out of its context", async () => {
    const handler = defineHandler({
      name: "h",
      needs: ["parents", "params"],
      run: (_, { parents, paramsText, idempotencyKey, signal }) => [parents().length, paramsText(), idempotencyKey, signal.aborted],
    });
    expect(await textOf(benchWith([handler]).run(attemptOf("h", null, { params: "[1]" })))).toBe('[0,"[1]","e1/me",false]');
  });
});

describe("what a handler returns", () => {
  test("is JSON text, at once where the handler answers at once", () => {
    expect(returning({ a: [1, "x"] })).toEqual({ type: "completed", output: '{"a":[1,"x"]}' });
    expect(returning(undefined)).toEqual({ type: "completed", output: "null" });
    expect(returning(null)).toEqual({ type: "completed", output: "null" });
    expect(returning(12345678901234567890n)).toEqual({ type: "completed", output: "12345678901234567890" });
  });

  test("may come later, from a promise of any make", async () => {
    expect(await textOf(returning(Promise.resolve({ a: 1 })))).toBe('{"a":1}');
    class Query extends Promise<number> {}
    expect(await textOf(returning(Query.resolve(5)))).toBe("5");
  });

  test("that is not JSON is bad_output, and never tried again", async () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    for (const value of [cycle, { run: () => 1 }, Symbol("x"), Promise.resolve(cycle)]) {
      expect(await failureOf(returning(value))).toMatchObject({ kind: "bad_output", code: "bad_output", retryable: false });
    }
    expect((await failureOf(returning({ run: () => 1 }))).message).toBe("The handler's output.run is a function, which is not JSON.");
  });

  test("that is larger than the limit is bad_output, naming it", async () => {
    for (const value of ["x".repeat(10_001), { a: Array.from({ length: 5_000 }, () => 123) }]) {
      const failure = await failureOf(returning(value));
      expect(failure.kind).toBe("bad_output");
      expect(failure.message).toContain("10000 bytes");
    }
    const { run } = benchWith([defineHandler({ name: "h", needs: "params", run: (_, context) => context.paramsText() })]);
    expect(await textOf(run(attemptOf("h", null, { params: "[1]" })))).toBe('"[1]"');
  });

  test("whose own code throws fails the attempt", async () => {
    const value = {
      toJSON() {
        throw new Error("my own toJSON");
      },
    };
    expect((await failureOf(returning(value))).message).toBe("my own toJSON");
    expect((await failureOf(returning(Promise.resolve(value)))).message).toBe("my own toJSON");
  });
});

test("what a handler throws or rejects with is a failure that may be tried again", async () => {
  expect(await failureOf(throwing(new Error("late")))).toMatchObject({ kind: "handler", code: "Error", message: "late", retryable: true });
  expect((await failureOf(throwing("text"))).message).toBe("text");
  const { run } = benchWith([
    defineHandler({
      name: "h",
      run() {
        throw new RangeError("at once");
      },
    }),
  ]);
  expect(run(attemptOf("h"))).toMatchObject({
    type: "failed",
    failure: { kind: "handler", code: "RangeError", message: "at once", retryable: true },
  });
});

test("the limits of the instance that owns the execution count, where those are others", async () => {
  const { run } = benchWith([defineHandler({ name: "h", run: () => "x".repeat(500) })]);
  const under = (outputBytes: number) => run(attemptOf("h", null, { limits: { outputBytes, nesting: 8 } }));
  expect(await textOf(under(600))).toHaveLength(502);
  expect(await failureOf(under(400))).toMatchObject({ code: "bad_output", message: expect.stringContaining("400 bytes") });
  const deep = benchWith([defineHandler({ name: "h", run: () => [[[[1]]]] })], { outputBytes: 1, nesting: 1 });
  expect(await textOf(deep.run(attemptOf("h", null, { limits: { outputBytes: 100, nesting: 8 } })))).toBe("[[[[1]]]]");
});

test("a handler that the thread does not have is no failure: the thread says so", () => {
  const run = createNodeActor({ get: () => undefined, infos: [] }, { ...settings, log: recordingLog().log, failures: recordingLog().log });
  expect(run(attemptOf("ghost"), contextOf())).toEqual({ type: "unknown_handler" });
});

describe("the config", () => {
  const seen: unknown[] = [];
  const { run } = benchWith([
    defineHandler({
      name: "checked",
      config: v.object({ n: v.optional(v.number(), 1), deep: v.optional(v.object({ list: v.array(v.string()) })) }),
      run: (config) => config,
    }),
    defineHandler({ name: "any", run: (config) => void seen.push(config) }),
  ]);

  test("is checked by the handler's schema after its templates, and has its defaults", async () => {
    const scope = [completedNode("a", '{"n":7}')];
    expect(await textOf(run(attemptOf("checked", { n: "{{ a.n }}" }, { scope })))).toBe('{"n":7}');
    expect(await textOf(run(attemptOf("checked")))).toBe('{"n":1}');
  });

  test("that the schema refuses is bad_config, naming each field", async () => {
    expect(await failureOf(run(attemptOf("checked", { n: "7", deep: { list: ["x", 1] } })))).toEqual({
      kind: "bad_config",
      code: "bad_config",
      message:
        'The handler "checked" refused its config. config.n: Invalid type: Expected number but received a string of 1 character; config.deep.list.1: Invalid type: Expected string but received a number.',
      retryable: false,
    });
  });

  test("with missing data is template_error, and the handler does not run", async () => {
    const before = seen.length;
    expect((await failureOf(run(attemptOf("any", { x: "{{ a.x }}" })))).kind).toBe("template_error");
    expect(seen.length).toBe(before);
  });

  test("without a schema is whatever it is, and the handler's own", async () => {
    const attempt = attemptOf("any", { x: { y: 1 } });
    await run(attempt);
    await run(attempt);
    await run(attemptOf("any"));
    expect(seen).toEqual([{ x: { y: 1 } }, { x: { y: 1 } }, {}]);
    expect(seen[0]).not.toBe(seen[1]);
  });
});

describe("the context", () => {
  test("tells a handler who it is, and what it needs", async () => {
    let context: HandlerContext | undefined;
    const { run, log } = benchWith([
      defineHandler({
        name: "h",
        run(_, given) {
          context = given;
          given.log.warn("Look.", { at: 1 });
        },
      }),
    ]);
    const attemptContext = contextOf();
    await run(
      attemptOf("h", null, { attempt: 3, parents: [completedNode("p", '{"x":[1]}'), { ...completedNode("q", ""), output: null }] }),
      attemptContext,
    );
    if (context === undefined) throw new Error("The handler did not run.");
    expect(context.idempotencyKey).toBe("e1/me");
    expect([context.executionId, context.nodeId, context.attempt]).toEqual(["e1", "me", 3]);
    expect(context.signal).toBe(attemptContext.signal);
    expect(context.paramsText()).toBeNull();
    const [first, second] = context.parents();
    expect({ id: first?.id, status: first?.status, text: first?.text, output: first?.output }).toEqual({
      id: "p",
      status: "COMPLETED",
      text: '{"x":[1]}',
      output: { x: [1] },
    });
    expect(Object.isFrozen(first?.output)).toBe(true);
    expect(second?.output).toBeNull();
    expect(log.entries).toEqual([
      { level: "warn", message: "Look.", fields: { execution: "e1", node: "me", attempt: 3, fields: { at: 1 } } },
    ]);
  });

  test("keeps a handler's fields apart from the engine's, whatever they are called", async () => {
    const { run, log } = benchWith([
      defineHandler({
        name: "h",
        run: (_, given) => given.log.info("Mine.", { execution: "forged", node: 1, message: "x", level: "fatal" }),
      }),
    ]);
    await run(attemptOf("h"));
    const fields = { execution: "forged", node: 1, message: "x", level: "fatal" };
    expect(log.entries).toEqual([{ level: "info", message: "Mine.", fields: { execution: "e1", node: "me", attempt: 1, fields } }]);
  });

  test("writes down each failure of an attempt, with where it was thrown, but not of one that was told to stop", async () => {
    const { run, log } = benchWith([
      defineHandler({
        name: "h",
        run: async () => {
          throw new TypeError("no luck");
        },
      }),
    ]);
    const aborted = contextOf();
    aborted.abort("enough");
    await run(attemptOf("h"), aborted);
    expect(log.entries).toEqual([]);
    await run(attemptOf("h", null, { attempt: 2 }));
    expect(log.entries.map(({ level, fields }) => [level, fields.attempt, fields.handler, fields.code, fields.error])).toEqual([
      ["warn", 2, "h", "TypeError", "no luck"],
    ]);
    expect(log.entries[0]?.fields.stack).toContain("node.test.ts:");
  });

  test("makes no signal for a handler that does not ask for one", () => {
    const { run } = benchWith([defineHandler({ name: "h", run: () => 1 })]);
    const outcome = run(attemptOf("h"), {
      executionId: "e1",
      executionName: "test",
      get signal(): AbortSignal {
        throw new Error("Nobody asked for it.");
      },
    });
    expect(outcome).toEqual({ type: "completed", output: "1" });
  });
});

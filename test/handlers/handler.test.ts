/** What makes a handler, and what becomes of what it throws. */
import { describe, expect, test } from "bun:test";
import { failureOf } from "../../src/handlers/failures.ts";
import { withoutStack } from "../../src/workflow/execution/failure.ts";
import { defineHandler, HandlerError, isHandler } from "../../src/handlers/handler.ts";

describe("defineHandler", () => {
  test("makes a handler that is known by all its names", () => {
    const handler = defineHandler({ name: "a", aliases: ["b", "a"], needs: ["parents", "params"], run: () => 1 });
    expect({ names: handler.names, needs: handler.needs, config: handler.config }).toEqual({
      names: ["a", "b"],
      needs: ["parents", "params"],
      config: null,
    });
    expect([isHandler(handler), isHandler({ ...handler }), isHandler(null), isHandler("a")]).toEqual([true, false, false, false]);
  });

  test("says what is wrong with one that cannot be", () => {
    const run = (): null => null;
    expect(() => defineHandler({ name: "", run })).toThrow("A handler's name is");
    expect(() => defineHandler({ name: "a", aliases: ["b#2"], run })).toThrow('got "b#2"');
    expect(() => defineHandler(JSON.parse('{"name":"a"}'))).toThrow('The handler "a" has no run function.');
    expect(() => defineHandler({ ...JSON.parse('{"needs":"money"}'), name: "a", run })).toThrow('The handler "a" needs "money"');
    expect(() => defineHandler({ ...JSON.parse('{"config":{}}'), name: "a", run })).toThrow("no valibot schema");
  });
});

describe("what a handler throws", () => {
  test("is tried again, under the error's code or name", () => {
    expect(withoutStack(failureOf(new TypeError("no")))).toEqual({ kind: "handler", code: "TypeError", message: "no", retryable: true });
    const refused = Object.assign(new Error("connect failed", { cause: new Error("refused") }), { code: "ECONNREFUSED" });
    expect(withoutStack(failureOf(refused))).toEqual({
      kind: "handler",
      code: "ECONNREFUSED",
      message: "connect failed (refused)",
      retryable: true,
    });
    expect(failureOf(new Error(""))).toMatchObject({ code: "Error", message: "Error" });
    expect(failureOf(Object.assign(new Error("x"), { code: 42 }))).toMatchObject({ code: "Error" });
  });

  test("may be anything", () => {
    expect(failureOf("plain")).toEqual({ kind: "handler", code: "thrown", message: "plain", retryable: true });
    expect(failureOf(undefined).message).toBe("undefined");
    expect(failureOf({ a: 1 }).message).toContain("a: 1");
    const unreadable = Object.defineProperty(new Error("x"), "message", {
      get() {
        throw new Error("never");
      },
    });
    expect(failureOf(unreadable).message).toBe("The handler threw a value that cannot be read.");
  });

  test("says itself what is to be done, as a HandlerError", () => {
    expect(withoutStack(failureOf(new HandlerError("declined", { message: "No.", retryable: false })))).toEqual({
      kind: "handler",
      code: "declined",
      message: "No.",
      retryable: false,
    });
    expect(withoutStack(failureOf(new HandlerError("busy", { retryAfterMs: 5 })))).toEqual({
      kind: "handler",
      code: "busy",
      message: "busy",
      retryable: true,
      retryAfterMs: 5,
    });
    expect(failureOf(new HandlerError("busy", { retryAfterMs: Number.POSITIVE_INFINITY })).retryAfterMs).toBe(86_400_000);
    expect(failureOf(new HandlerError("busy", { retryAfterMs: Number.NaN })).retryAfterMs).toBeUndefined();
    expect(failureOf(new HandlerError("not a code!", { cause: new Error("x") })).code).toBe("HandlerError");
  });

  test("is cut where it is long", () => {
    expect(failureOf(new Error("x".repeat(10_000))).message.length).toBe(2_001);
  });
});

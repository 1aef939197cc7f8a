/** Which stacks of failures the log keeps, and which of them a view shows. */
import { expect, test } from "bun:test";
import { decode, encode } from "../../../src/store/codec/codec.ts";
import type { Failure } from "../../../src/workflow/execution/failure.ts";
import type { WorkflowEvent } from "../../../src/workflow/execution/messages.ts";
import { viewOf } from "../../../src/workflow/view/view.ts";
import { boom, commandsOf, given, start, trigger } from "./given.ts";
import { planOf } from "../plan/plans.ts";

const plan = planOf([{ id: "a", retry: { maxAttempts: 6 } }]);
const { fail, fire } = commandsOf(plan);
const broken = (n: number): Failure => ({ ...boom, stack: `Error: ${n}\n    at run (/handlers/a.ts:${n}:1)` });

/** Six failures, of which the last ends it. */
const failed = given(plan).when(
  trigger,
  start,
  ...[1, 2, 3, 4, 5].flatMap((n) => [fail("a", n, broken(n)), fire("a", n + 1)]),
  fail("a", 6, broken(6)),
);

function failuresIn(events: readonly WorkflowEvent[]): readonly (Failure | undefined)[] {
  return events.flatMap((event) => (event.type === "AttemptFailed" ? [event.failure] : []));
}

test("the log keeps those of a node's first three failures and of its last, and its end names none again", () => {
  expect(failuresIn(failed.events).map((failure) => failure?.stack?.split("\n")[0])).toEqual([
    "Error: 1",
    "Error: 2",
    "Error: 3",
    undefined,
    undefined,
    "Error: 6",
  ]);
  const end = failed.events.find((event) => event.type === "ExecutionFinished");
  expect(end?.cause?.failure).toEqual(boom);
});

test("a view shows that of the failure which ended the execution, also when it is folded from the log", () => {
  const read: WorkflowEvent[] = [];
  decode(encode(failed.events, plan), plan, (event) => void read.push(event));
  expect(read).toEqual([...failed.events]);
  const view = viewOf("e", given(plan, read).state, false);
  expect(view.failure).toEqual({
    node: "a",
    attempt: 6,
    kind: "handler",
    code: "boom",
    message: "It broke.",
    stack: broken(6).stack ?? "",
  });
});

test("a log of before there were stacks is read, and its view has none", () => {
  const without = given(plan).when(trigger, start, fail("a", 1, { ...boom, retryable: false }));
  const view = viewOf("e", without.state, false);
  expect(view.failure).toEqual({ node: "a", attempt: 1, kind: "handler", code: "boom", message: "It broke.", stack: null });
  expect(encode(without.events, plan)).not.toContain("stack");
});

test("the state holds one stack, however many nodes have failed", () => {
  const wide = planOf(Array.from({ length: 50 }, (_, n) => ({ id: `n${n}` })));
  const { fail: failWide } = commandsOf(wide);
  const { state } = given(wide).when(trigger, start, ...Array.from({ length: 50 }, (_, n) => failWide(`n${n}`, 1, broken(n))));
  expect([...state.failureOf.values()].filter(({ stack }) => stack !== undefined)).toEqual([]);
  expect(state.failureOf.size).toBe(50);
});

test("a node that was open when its execution ended says that it was cut off", () => {
  const two = planOf([{ id: "bad", retry: { maxAttempts: 1 } }, { id: "other" }]);
  const { fail: failTwo } = commandsOf(two);
  const view = viewOf("e", given(two).when(trigger, start, failTwo("bad")).state, false);
  expect(view.nodes.map(({ state, error }) => [state, error])).toEqual([
    ["FAILED", "It broke."],
    ["CANCELLED", "The attempt was cut off: the execution ended first."],
  ]);
});

/** A chunk's text: what goes in comes out, nothing in it is parsed on the way, and it is JSON for everybody else. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decode, encode } from "../../../src/store/codec/codec.ts";
import type { Text, WorkflowEvent } from "../../../src/workflow/execution/messages.ts";
import { planOf } from "../../workflow/plan/plans.ts";
import { UnknownForm } from "../../../src/workflow/execution/level.ts";

const plan = planOf(["a", "task_a#2", "__proto__", "1", "x-y"].map((id) => ({ id })));

function decoded(text: string): WorkflowEvent[] {
  const events: WorkflowEvent[] = [];
  decode(text, plan, (event) => void events.push(event));
  return events;
}

const completed = (output: Text): WorkflowEvent => ({ type: "AttemptCompleted", node: 0, attempt: 1, beganAtMs: 5, atMs: 7, output });

describe("a chunk", () => {
  test("decodes to the events that were encoded", () => {
    fc.assert(
      fc.property(fc.array(anyEvent(anyJsonText()), { maxLength: 20 }), (events) => {
        expect(decoded(encode(events, plan))).toEqual(events);
      }),
      { numRuns: 500 },
    );
  });

  test("is a JSON array with one event a line, also where texts hold line breaks", () => {
    fc.assert(
      fc.property(fc.array(anyEvent(anySpacedJsonText()), { maxLength: 20 }), (events) => {
        const text = encode(events, plan);
        expect(text.split("\n")).toHaveLength(Math.max(1, events.length));
        expect(JSON.parse(text)).toHaveLength(events.length);
      }),
      { numRuns: 300 },
    );
  });

  test("holds the same values where a text had to lose its line breaks", () => {
    fc.assert(
      fc.property(anySpacedJsonText(), (output) => {
        const [event] = decoded(encode([completed(output)], plan));
        const back = event?.type === "AttemptCompleted" ? (event.output as string) : "nothing";
        expect(JSON.parse(back)).toEqual(JSON.parse(output));
      }),
    );
  });

  test("keeps every digit and the order of keys", () => {
    const output = '{"b":12345678901234567890,"10":1e400,"a":-0.10,"2":[]}';
    expect(decoded(encode([completed(output)], plan))).toEqual([completed(output)]);
  });

  test("says only the size of a text that is kept apart, and tells it from no text", () => {
    const events: WorkflowEvent[] = [
      completed({ bytes: 70_000 }),
      { type: "ExecutionTriggered", atMs: 1, params: { bytes: 70_000 } },
      { type: "ExecutionTriggered", atMs: 1, params: null },
      { type: "ExecutionTriggered", atMs: 1, params: "{}" },
    ];
    expect(encode(events, plan)).toBe('[["completed","a",1,5,7,70000],\n["triggered",1,70000],\n["triggered",1,0],\n["triggered",1,0,{}]]');
    expect(decoded(encode(events, plan))).toEqual(events);
  });

  test("has a short word for what a client wants of an execution on its way", () => {
    const events: WorkflowEvent[] = [
      { type: "ExecutionPaused", atMs: 7 },
      { type: "ExecutionPrioritised", atMs: 8, priority: 10 },
      { type: "ExecutionResumed", atMs: 9 },
      { type: "ExecutionDiscarded", atMs: 10 },
    ];
    expect(encode(events, plan)).toBe('[["paused",7],\n["priority",8,10],\n["resumed",9],\n["discard",10]]');
    expect(decoded(encode(events, plan))).toEqual(events);
  });

  test("of no events is an empty array", () => {
    expect(encode([], plan)).toBe("[]");
    expect(decoded("[]")).toEqual([]);
  });

  test("with an event that only a newer version knows is refused with a sentence", () => {
    const read = () => decoded('[["started",1],\n["teleported","a",1]]');
    expect(read).toThrow(UnknownForm);
    expect(read).toThrow('an event "teleported", which this version of Troupe does not know: a newer one wrote it. Run that version.');
  });

  test("that names a node which the definition does not have is refused with its id", () => {
    expect(() => decoded('[["begun","gone",1,2]]')).toThrow('a node "gone" that the definition does not have');
  });

  test("that is cut off does not hang its reader", () => {
    const whole = encode([completed("1"), { type: "AttemptStarted", node: 1, attempt: 3, atMs: 1, executor: "boot-1" }], plan);
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.slice(0, length);
      try {
        expect(decoded(cut).length).toBeLessThanOrEqual(2);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
  });
});

const anyJsonText = () => fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value));
const anySpacedJsonText = () =>
  fc
    .tuple(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom("\n", "\t", "\r\n "))
    .map(([value, indent]) => JSON.stringify([value], null, indent));

/** Of every type: the compiler names one that is missing here. */
function anyEvent(text: fc.Arbitrary<string>): fc.Arbitrary<WorkflowEvent> {
  const node = fc.nat({ max: plan.ids.length - 1 });
  const attempt = fc.integer({ min: 1, max: 1_000_000 });
  const atMs = fc.oneof(fc.nat({ max: Number.MAX_SAFE_INTEGER }), fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }));
  const kept = fc.oneof(text, fc.record({ bytes: fc.integer({ min: 1, max: 1e9 }) }));
  const failure = fc.record(
    {
      kind: fc.constantFrom("handler", "timeout", "poison"),
      code: fc.string({ unit: "binary" }),
      message: fc.string({ unit: "binary" }),
      retryable: fc.boolean(),
      retryAfterMs: fc.nat(),
    },
    { requiredKeys: ["kind", "code", "message", "retryable"], noNullPrototype: true },
  );
  const cause = fc.option(fc.record({ node, attempt, failure }, { noNullPrototype: true }));
  const members: Readonly<Record<WorkflowEvent["type"], fc.Arbitrary<object>>> = {
    ExecutionCreated: fc.record({ atMs, name: fc.string({ unit: "binary" }), definition: fc.string() }),
    ExecutionTriggered: fc.record({ atMs, params: fc.option(kept) }),
    ExecutionStarted: fc.record({ atMs }),
    ExecutionPaused: fc.record({ atMs }),
    ExecutionResumed: fc.record({ atMs }),
    ExecutionDiscarded: fc.record({ atMs }),
    ExecutionPrioritised: fc.record({ atMs, priority: fc.integer({ min: 0, max: 10 }) }),
    AttemptStarted: fc.record({ node, attempt, atMs, executor: fc.constantFrom("", "boot-1") }),
    AttemptCompleted: fc.record({ node, attempt, beganAtMs: atMs, atMs, output: kept }),
    AttemptFailed: fc.record({ node, attempt, beganAtMs: atMs, atMs, failure }),
    AttemptLost: fc.record({ node, attempt, atMs, death: fc.boolean() }),
    RetryScheduled: fc.record({ node, attempt, dueAtMs: atMs }),
    AttemptQueued: fc.record({ node, attempt, atMs, noHandler: fc.boolean() }),
    OwnerDied: fc.record({ bootId: fc.uuid(), atMs }),
    ExecutionFinished: fc.record({
      atMs,
      status: fc.constantFrom("COMPLETED", "FAILED", "CANCELLED"),
      error: fc.option(fc.string()),
      cause,
    }),
    ExecutionClosed: fc.record({ atMs }),
  };
  return fc.oneof(...Object.entries(members).map(([type, some]) => some.map((its) => ({ type, ...its }) as WorkflowEvent)));
}

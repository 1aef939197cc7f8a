/** What follows from each command, forbidden moves included. */
import { describe, expect, test } from "bun:test";
import { commandsOf, given, NOW_MS, start, trigger } from "./given.ts";
import { planOf } from "../plan/plans.ts";

const chain = planOf([{ id: "a" }, { id: "b", after: ["a"] }]);
const diamond = planOf([{ id: "a" }, { id: "b", after: ["a"] }, { id: "c", after: ["a"] }, { id: "d", after: ["b", "c"] }]);
const once = { maxAttempts: 1 };

describe("a start", () => {
  test("of what was triggered queues its roots", () => {
    const then = given(diamond).when(trigger, start).thenEvents("ExecutionStarted");
    then.thenNodes({ a: "QUEUED", b: "PENDING", d: "PENDING" });
    expect(then.state.status).toBe("RUNNING");
  });
  test("before its trigger is ignored", () => void given(chain).when(start).thenIgnored());
  test("is one only: a second one is ignored", () => void given(chain).when(trigger, start, start).thenIgnored());
});

describe("a completed attempt", () => {
  const { complete, begin } = commandsOf(diamond);
  test("queues the dependents that waited for it alone", () => {
    given(diamond)
      .when(trigger, start, complete("a"))
      .thenEvents("AttemptCompleted")
      .thenNodes({ a: "COMPLETED", b: "QUEUED", c: "QUEUED", d: "PENDING" });
  });
  test("queues a join after its last dependency, and not before", () => {
    const joined = given(diamond).when(trigger, start, complete("a"), complete("b")).thenNodes({ d: "PENDING" });
    joined.when(complete("c")).thenNodes({ d: "QUEUED" });
  });
  test("that is the last one completes and closes the execution in the same commit", () => {
    const then = given(diamond).when(trigger, start, complete("a"), complete("b"), complete("c"), complete("d"));
    then.thenEvents("AttemptCompleted", "ExecutionFinished", "ExecutionClosed");
    expect([then.state.status, then.state.closed, then.state.open]).toEqual(["COMPLETED", true, 0]);
  });
  test("counts once: the same outcome again is ignored", () =>
    void given(diamond).when(trigger, start, complete("a"), complete("a")).thenIgnored());
  test("of an attempt that is not the open one changes nothing", () =>
    void given(diamond).when(trigger, start, complete("a", 2)).thenIgnored());
  test("of a node that is not ready changes nothing", () => void given(diamond).when(trigger, start, complete("d")).thenIgnored());
  test("keeps its output as the text that it came as", () => {
    const then = given(diamond).when(trigger, start, complete("a", 1, '{"n":12345678901234567890}'));
    expect(then.state.outputs[0]).toBe('{"n":12345678901234567890}');
  });
  test("may have its start recorded before, and shows as RUNNING then", () => {
    const running = given(diamond).when(trigger, start, begin("a")).thenEvents("AttemptStarted").thenNodes({ a: "RUNNING" });
    running.when(begin("a")).thenIgnored().when(complete("a")).thenNodes({ a: "COMPLETED" });
  });
});

describe("a failed attempt", () => {
  const { fail, fire, complete } = commandsOf(chain);
  test("is retried after its backoff while attempts are left", () => {
    const then = given(chain)
      .when(trigger, start, fail("a"))
      .thenEvents("AttemptFailed", "RetryScheduled")
      .thenNodes({ a: "RETRYING", b: "PENDING" });
    expect(then.state.dueAtMs.get(0)).toBe(NOW_MS + 1000);
    then
      .when(fire("a", 2))
      .thenEvents("AttemptQueued")
      .thenNodes({ a: "QUEUED" })
      .when(complete("a", 2))
      .thenNodes({ a: "COMPLETED", b: "QUEUED" });
  });
  test("doubles the backoff with each failure", () => {
    const then = given(chain).when(trigger, start, fail("a"), fire("a", 2), fail("a", 2));
    expect(then.state.dueAtMs.get(0)).toBe(NOW_MS + 2000);
  });
  test("waits at least as long as the failure asks for", () => {
    const then = given(chain).when(
      trigger,
      start,
      fail("a", 1, { kind: "handler", code: "429", message: "Slow down.", retryable: true, retryAfterMs: 7000 }),
    );
    expect(then.state.dueAtMs.get(0)).toBe(NOW_MS + 7000);
  });
  test("that was the last one fails the execution, and the error names node, attempt and cause", () => {
    const then = given(chain).when(trigger, start, fail("a"), fire("a", 2), fail("a", 2), fire("a", 3), fail("a", 3));
    then.thenEvents("AttemptFailed", "ExecutionFinished", "ExecutionClosed").thenNodes({ a: "FAILED", b: "PENDING" });
    expect(then.state.error).toBe('Node "a" failed on attempt 3 (boom): It broke.');
    expect(then.state.status).toBe("FAILED");
  });
  for (const kind of ["template_error", "bad_config", "bad_output", "poison"] as const) {
    test(`is never retried for ${kind}`, () => {
      const failure = { kind, code: kind, message: "No.", retryable: true };
      given(chain)
        .when(trigger, start, fail("a", 1, failure))
        .thenEvents("AttemptFailed", "ExecutionFinished", "ExecutionClosed");
    });
  }
  test("is not retried for a code that the policy names", () => {
    const plan = planOf([{ id: "a", retry: { nonRetryable: ["card_declined"] } }]);
    const failure = { kind: "handler", code: "card_declined", message: "No.", retryable: true } as const;
    given(plan)
      .when(trigger, start, commandsOf(plan).fail("a", 1, failure))
      .thenEvents("AttemptFailed", "ExecutionFinished", "ExecutionClosed");
  });
  test("fires its retry once, and only for the attempt that is due", () => {
    const retrying = given(chain).when(trigger, start, fail("a"));
    retrying.when(fire("a", 3)).thenIgnored().when(fire("a", 2), fire("a", 2)).thenIgnored();
  });
});

describe("an execution that has failed (halt)", () => {
  const plan = planOf([
    { id: "bad", retry: once },
    { id: "runs" },
    { id: "ready" },
    { id: "retrying" },
    { id: "after_bad", after: ["bad"] },
    { id: "after_runs", after: ["runs"] },
  ]);
  const { fail, complete, begin, fire } = commandsOf(plan);
  const failed = () => given(plan).when(trigger, start, begin("runs"), fail("retrying"), fail("bad"));

  test("cancels what was to come, lets go on what runs, and leaves dependents PENDING", () => {
    const then = failed().thenEvents("AttemptFailed", "ExecutionFinished");
    then.thenNodes({
      bad: "FAILED",
      runs: "RUNNING",
      ready: "CANCELLED",
      retrying: "CANCELLED",
      after_bad: "PENDING",
      after_runs: "PENDING",
    });
  });
  test("records the outcome of what ran, and starts nothing because of it", () => {
    failed().when(complete("runs")).thenEvents("AttemptCompleted").thenNodes({ runs: "COMPLETED", after_runs: "PENDING" });
  });
  test("records an outcome also over CANCELLED: it had begun without a recorded start", () => {
    const then = failed().when(complete("ready")).thenNodes({ ready: "COMPLETED" });
    expect(then.state.status).toBe("FAILED");
  });
  test("never becomes anything else, whatever completes or fails later", () => {
    const then = failed().when(complete("runs"), complete("ready"), fire("retrying", 2), fail("retrying", 2));
    expect([then.state.status, then.state.error]).toEqual(["FAILED", 'Node "bad" failed on attempt 1 (boom): It broke.']);
  });
  test("is closed once, and what nobody holds then is CANCELLED", () => {
    const then = failed().when({ type: "Close" }).thenEvents("ExecutionClosed").thenNodes({ runs: "CANCELLED", bad: "FAILED" });
    then.when({ type: "Close" }).thenIgnored();
    expect(then.state.open).toBe(0);
  });
  test("records nothing more once it is closed", () => void failed().when({ type: "Close" }, complete("runs")).thenIgnored());
});

describe("a close", () => {
  test("is ignored while the execution runs", () => void given(chain).when(trigger, start, { type: "Close" }).thenIgnored());
});

describe("a lost attempt", () => {
  const { lose, complete, fail, begin } = commandsOf(chain);
  test("runs again under the next number and costs no failure", () => {
    const then = given(chain).when(trigger, start, begin("a"), lose("a")).thenEvents("AttemptLost").thenNodes({ a: "QUEUED" });
    expect([then.state.attempt[0], then.state.failures[0], then.state.deaths[0]]).toEqual([2, 0, 1]);
  });
  test("by a planned end is no death", () => expect(given(chain).when(trigger, start, lose("a", 1, false)).state.deaths[0]).toBe(0));
  test("is forgiven by any outcome", () => {
    expect(given(chain).when(trigger, start, lose("a"), fail("a", 2)).state.deaths[0]).toBe(0);
    expect(given(chain).when(trigger, start, lose("a"), complete("a", 2)).state.deaths[0]).toBe(0);
  });
  test("of an old number is ignored", () => void given(chain).when(trigger, start, lose("a"), lose("a")).thenIgnored());
  test("of a finished execution is not run again", () => {
    const plan = planOf([{ id: "a", retry: once }, { id: "b" }]);
    const of = commandsOf(plan);
    given(plan).when(trigger, start, of.begin("b"), of.fail("a"), of.lose("b")).thenEvents("AttemptLost").thenNodes({ b: "CANCELLED" });
  });
});

describe("the death of an owner", () => {
  const plan = planOf([{ id: "done" }, { id: "ready" }, { id: "runs" }, { id: "retrying" }, { id: "later", after: ["runs"] }]);
  const { complete, begin, fail } = commandsOf(plan);
  const died = { type: "RecordOwnerDeath", bootId: "boot-1" } as const;
  test("leaves alone what another instance runs: that one lives", () => {
    const other = { type: "RecordOwnerDeath", bootId: "boot-2" } as const;
    const then = given(plan).when(trigger, start, begin("runs"), other);
    then.thenNodes({ done: "QUEUED", ready: "QUEUED", runs: "RUNNING" });
    expect([...then.state.attempt]).toEqual([2, 2, 1, 2, 1]);
  });
  test("counts against what was ready or running, not against what waits, is due later or is done", () => {
    const then = given(plan).when(trigger, start, complete("done"), begin("runs"), fail("retrying"), died).thenEvents("OwnerDied");
    expect([...then.state.deaths]).toEqual([0, 1, 1, 0, 0]);
    expect([...then.state.attempt]).toEqual([1, 2, 2, 2, 1]);
    then.thenNodes({ done: "COMPLETED", ready: "QUEUED", runs: "QUEUED", retrying: "RETRYING", later: "PENDING" });
  });
  test("does not count against what waited for its handler, until that is there or it has begun elsewhere", () => {
    const node = plan.index.get("ready") ?? -1;
    const handler = (missing: boolean, attempt: number) => ({ type: "RecordHandler", node, attempt, missing }) as const;
    const waits = given(plan).when(trigger, start, handler(true, 1)).thenEvents("AttemptQueued").thenNodes({ ready: "QUEUED" });
    const crashed = waits.when(handler(true, 1)).thenIgnored().when(died, died, died);
    expect([crashed.state.deaths[node], crashed.state.attempt[node]]).toEqual([0, 4]);
    crashed.when(handler(false, 3)).thenIgnored();
    const found = crashed.when(handler(false, 4)).thenEvents("AttemptQueued").when(handler(false, 4)).thenIgnored().when(died);
    expect([found.state.deaths[node], found.state.attempt[node]]).toEqual([1, 5]);
    const elsewhere = found.when(handler(true, 5), begin("ready", 5)).thenNodes({ ready: "RUNNING" });
    expect(elsewhere.state.noHandler.size).toBe(0);
  });
  test("is nothing to an execution that was not started", () => {
    given(plan).when(died).thenIgnored();
    given(plan).when(trigger, died).thenIgnored();
  });
  test("runs nothing of a finished execution again", () => {
    const two = planOf([{ id: "a", retry: once }, { id: "b" }]);
    const of = commandsOf(two);
    given(two).when(trigger, start, of.begin("b"), of.fail("a"), died).thenNodes({ b: "CANCELLED" });
  });
});

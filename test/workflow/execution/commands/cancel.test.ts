/** The rule of a cancel, as sentences; and what becomes of its execution's nodes. */
import { describe, expect, test } from "bun:test";
import type { ClientCommand } from "../../../../src/workflow/execution/client-commands.ts";
import type { WorkflowEvent } from "../../../../src/workflow/execution/messages.ts";
import { react } from "../../../../src/workflow/execution/react.ts";
import { recover } from "../../../../src/workflow/execution/recover.ts";
import { planOf } from "../../plan/plans.ts";
import { commandsOf, given, NOW_MS, start, trigger } from "../given.ts";
import { testSentences } from "./sentences.ts";

const plan = planOf([
  { id: "ready" },
  { id: "runs" },
  { id: "retrying" },
  { id: "done" },
  { id: "later", after: ["ready", "runs"] },
  { id: "once", retry: { maxAttempts: 1 } },
]);
const { begin, complete, fail, fire, lose } = commandsOf(plan);
const command: ClientCommand = { type: "Cancel", reason: null };
const running = [trigger, start, begin("runs"), fail("retrying"), complete("done")];
const all = ["ready", "runs", "retrying", "done", "once", "later"];

describe("a cancel of an execution", () => {
  testSentences(plan, [
    { execution: "that was never triggered ends it", command, gives: ["ExecutionFinished", "ExecutionClosed"], is: "CANCELLED" },
    {
      execution: "that waits for room ends it: nothing of it can be in hand",
      ...{ after: [trigger], command, gives: ["ExecutionFinished", "ExecutionClosed"], is: "CANCELLED" },
      nodes: { ready: "PENDING", later: "PENDING" },
    },
    {
      execution: "that runs ends it, and it is closed once nothing is in hand",
      ...{ after: running, command, gives: ["ExecutionFinished"], is: "CANCELLED" },
      nodes: { ready: "CANCELLED", runs: "RUNNING", retrying: "CANCELLED", done: "COMPLETED", later: "PENDING" },
    },
    { execution: "that is cancelled changes nothing", after: [...running, command], command, gives: "so already", is: "CANCELLED" },
    {
      execution: "that is cancelled and closed changes nothing",
      ...{ after: [trigger, command], command, gives: "so already", is: "CANCELLED" },
    },
    {
      execution: "that has completed is refused",
      ...{ after: [trigger, start, ...all.map((id) => complete(id))], command, gives: "already_finished", is: "COMPLETED" },
    },
    {
      execution: "that has failed is refused, though an attempt still runs",
      ...{ after: [...running, fail("once")], command, gives: "already_finished", is: "FAILED" },
    },
  ]);
});

describe("a cancelled execution", () => {
  const cancelled = () => given(plan).when(...running, command);
  test("shows the reason as its error", () => {
    const { state } = given(plan).when(...running, { type: "Cancel", reason: "The order was withdrawn." });
    expect([state.error, state.cause, state.finishedAtMs]).toEqual(["The order was withdrawn.", null, NOW_MS]);
  });
  test("records what completed all the same, and starts nothing because of it", () => {
    const then = cancelled().when(complete("runs"), complete("ready"));
    then.thenNodes({ runs: "COMPLETED", ready: "COMPLETED", later: "PENDING" });
  });
  test("takes no failure for one: it was told to stop", () => {
    const then = cancelled().when(fail("runs")).thenEvents("AttemptLost").thenNodes({ runs: "CANCELLED" });
    expect([then.state.failed, then.state.open]).toEqual([0, 0]);
  });
  test("schedules no retry, and fires none", () => {
    cancelled().when(fire("retrying", 2)).thenIgnored().thenNodes({ retrying: "CANCELLED" });
  });
  test("runs nothing again that is lost", () => void cancelled().when(lose("runs")).thenNodes({ runs: "CANCELLED" }));
  test("cannot be triggered, nor started", () => {
    expect(cancelled().when(trigger).decision).toEqual({ type: "rejected", code: "already_finished", status: "CANCELLED" });
    given(plan).when(trigger, command, start).thenIgnored();
  });
  test("tells what runs to stop; also when it is found so by a new owner, until it is closed", () => {
    const finished: WorkflowEvent = { type: "ExecutionFinished", atMs: 1, status: "CANCELLED", error: null, cause: null };
    expect(react(finished)).toEqual({ type: "Abort" });
    expect(recover(cancelled().state)).toEqual([{ type: "Abort" }]);
    expect(recover(cancelled().when({ type: "Close" }).state)).toEqual([{ type: "Forget" }]);
  });
});

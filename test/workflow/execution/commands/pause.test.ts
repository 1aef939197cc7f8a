/** The rules of a pause and of a resume, as sentences; and what becomes of the execution's nodes. */
import { describe, expect, test } from "bun:test";
import type { ClientCommand } from "../../../../src/workflow/execution/client-commands.ts";
import { react } from "../../../../src/workflow/execution/react.ts";
import { recover } from "../../../../src/workflow/execution/recover.ts";
import { planOf } from "../../plan/plans.ts";
import { commandsOf, given, start, trigger } from "../given.ts";
import { testSentences } from "./sentences.ts";

const plan = planOf([
  { id: "ready" },
  { id: "runs" },
  { id: "retrying" },
  { id: "later", after: ["ready", "runs"] },
  { id: "once", retry: { maxAttempts: 1 } },
]);
const { begin, complete, fail, fire, lose } = commandsOf(plan);
const pause: ClientCommand = { type: "Pause" };
const resume: ClientCommand = { type: "Resume" };
const cancel: ClientCommand = { type: "Cancel", reason: null };
const running = [trigger, start, begin("runs"), fail("retrying")];
const all = ["ready", "runs", "retrying", "once", "later"];
const completed = [trigger, start, ...all.map((id) => complete(id))];

describe("a pause of an execution", () => {
  const command = pause;
  testSentences(plan, [
    {
      execution: "that runs holds it; what runs goes on, and times run on",
      ...{ after: running, command, gives: ["ExecutionPaused"], is: "PAUSED" },
      nodes: { ready: "QUEUED", runs: "RUNNING", retrying: "RETRYING", later: "PENDING" },
    },
    { execution: "that waits for room holds it", after: [trigger], command, gives: ["ExecutionPaused"], is: "PAUSED" },
    { execution: "that is paused changes nothing", after: [...running, pause], command, gives: "so already", is: "PAUSED" },
    { execution: "that was never triggered is refused", command, gives: "not_running", is: "PENDING" },
    { execution: "that has completed is refused", after: completed, command, gives: "not_running", is: "COMPLETED" },
    { execution: "that was cancelled is refused", after: [...running, cancel], command, gives: "not_running", is: "CANCELLED" },
  ]);
});

describe("a resume of an execution", () => {
  const command = resume;
  testSentences(plan, [
    { execution: "that is paused lets it go on", after: [...running, pause], command, gives: ["ExecutionResumed"], is: "RUNNING" },
    {
      execution: "that was paused before it had room waits for room again",
      ...{ after: [trigger, pause], command, gives: ["ExecutionResumed"], is: "PENDING" },
    },
    { execution: "that runs changes nothing", after: running, command, gives: "so already", is: "RUNNING" },
    { execution: "that waits for room changes nothing", after: [trigger], command, gives: "so already", is: "PENDING" },
    { execution: "that was never triggered is refused", command, gives: "not_running", is: "PENDING" },
    { execution: "that has ended is refused", after: completed, command, gives: "not_running", is: "COMPLETED" },
  ]);
});

describe("a paused execution", () => {
  const paused = () => given(plan).when(...running, pause);
  test("records outcomes, and readies what follows, which waits", () => {
    paused().when(complete("runs"), complete("ready")).thenNodes({ runs: "COMPLETED", ready: "COMPLETED", later: "QUEUED" });
  });
  test("lets what falls due wait for the resume", () => {
    paused().when(fire("retrying", 2)).thenEvents("AttemptQueued").thenNodes({ retrying: "QUEUED" });
  });
  test("ends where its last node completes", () => {
    const then = given(plan).when(trigger, start, pause, ...all.map((id) => complete(id)));
    then.thenEvents("AttemptCompleted", "ExecutionFinished", "ExecutionClosed");
    expect(then.state.status).toBe("COMPLETED");
  });
  test("fails where a node fails for good", () => expect(paused().when(fail("once")).state.status).toBe("FAILED"));
  test("can be cancelled", () => expect(paused().when(cancel).state.status).toBe("CANCELLED"));
  test("is triggered already", () => {
    expect(paused().when(trigger).decision).toEqual({ type: "rejected", code: "already_triggered", status: "PAUSED" });
  });
  test("takes no room where it was paused before it had any", () => void given(plan).when(trigger, pause, start).thenIgnored());
  test("runs again what is lost, after the resume and under the next number", () => {
    const then = paused().when(lose("runs")).thenNodes({ runs: "QUEUED" });
    expect(then.state.attempt[1]).toBe(2);
  });
  test("does not suspect what only waited when its owner died", () => {
    const then = paused().when({ type: "RecordOwnerDeath", bootId: "boot-1" });
    then.thenNodes({ ready: "QUEUED", runs: "QUEUED", retrying: "RETRYING" });
    expect([...then.state.deaths]).toEqual([0, 1, 0, 0, 0]);
    expect([...then.state.attempt]).toEqual([2, 2, 2, 1, 2]);
  });
  test("has nothing started by a new owner, who waits for what runs and for what is due", () => {
    expect(recover(paused().state).map(({ type }) => type)).toEqual(["Hold", "WatchAttempt", "StartTimer"]);
    expect(recover(paused().when(resume).state).map(({ type }) => type)).toEqual([
      ...(["StartAttempt", "WatchAttempt", "StartTimer", "StartAttempt"] as const),
    ]);
    expect(recover(given(plan).when(trigger, pause).state)).toEqual([{ type: "Hold" }]);
    expect([react({ type: "ExecutionPaused", atMs: 1 }), react({ type: "ExecutionResumed", atMs: 1 })]).toEqual([
      { type: "Hold" },
      { type: "Resume" },
    ]);
  });
});

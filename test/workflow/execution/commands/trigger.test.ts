/** The rule of a trigger, as sentences: what it does to an execution in each state, forbidden moves included. */
import { describe, expect, test } from "bun:test";
import type { ClientCommand, Rejected } from "../../../../src/workflow/execution/client-commands.ts";
import { rejectionOf } from "../../../../src/workflow/execution/decide.ts";
import type { Command, Decision, WorkflowEvent } from "../../../../src/workflow/execution/messages.ts";
import { planOf } from "../../plan/plans.ts";
import { commandsOf, given, NOW_MS, start, trigger } from "../given.ts";

const plan = planOf([{ id: "a", retry: { maxAttempts: 1 } }, { id: "b", after: ["a"] }, { id: "c" }]);
const { begin, complete, fail } = commandsOf(plan);
const params: TriggerCommand = { type: "Trigger", params: '{"order":12345678901234567890}' };
const cancelled: WorkflowEvent = { type: "ExecutionFinished", atMs: 1, status: "CANCELLED", error: null, cause: null };

const happens = (text: string | null): Decision => ({
  type: "events",
  events: [{ type: "ExecutionTriggered", atMs: NOW_MS, params: text }],
});
const rejected = (code: Rejected["code"], status: Rejected["status"]): Decision => ({ type: "rejected", code, status });

type TriggerCommand = Extract<ClientCommand, { type: "Trigger" }>;
type Sentence = {
  readonly execution: string;
  readonly after?: readonly Command[];
  readonly log?: readonly WorkflowEvent[];
  readonly command?: TriggerCommand;
  readonly is: Decision;
};

const SENTENCES: readonly Sentence[] = [
  { execution: "that was created is triggered", is: happens(null) },
  { execution: "gets the trigger's params to the letter", command: params, is: happens('{"order":12345678901234567890}') },
  {
    execution: "that waits for room is not triggered again",
    after: [trigger],
    is: rejected("already_triggered", "PENDING"),
  },
  {
    execution: "that waits for room keeps the params that it has",
    after: [trigger],
    command: params,
    is: rejected("already_triggered", "PENDING"),
  },
  { execution: "that runs is not triggered again", after: [trigger, start], is: rejected("already_triggered", "RUNNING") },
  {
    execution: "that has completed has ended",
    after: [trigger, start, complete("a"), complete("b"), complete("c")],
    is: rejected("already_finished", "COMPLETED"),
  },
  { execution: "that has failed has ended", after: [trigger, start, complete("c"), fail("a")], is: rejected("already_finished", "FAILED") },
  {
    execution: "that has ended has ended, though an attempt still runs",
    after: [trigger, start, begin("c"), fail("a")],
    is: rejected("already_finished", "FAILED"),
  },
  { execution: "that was ended before its trigger has ended", log: [cancelled], is: rejected("already_finished", "CANCELLED") },
];

describe("an execution", () => {
  test.each(SENTENCES.map((sentence) => [sentence.execution, sentence] as const))("%s", (_, { after = [], log = [], command, is }) => {
    const before = given(plan, log).when(...after);
    const { sequence } = before.state;
    const outline = { status: before.state.status, triggeredAtMs: before.state.triggeredAtMs };
    // Who has only the store's summary is told the same.
    expect(rejectionOf(outline, command ?? trigger) ?? happens((command ?? trigger).params)).toEqual(is);
    const then = before.when(command ?? trigger);
    expect(then.decision).toEqual(is);
    expect(then.state.sequence).toBe(sequence + (then.decision?.type === "events" ? 1 : 0));
  });
  test("that is triggered waits for room", () => {
    const then = given(plan).when(trigger);
    expect([then.state.status, then.state.triggeredAtMs, then.state.startedAtMs]).toEqual(["PENDING", NOW_MS, null]);
    then.thenNodes({ a: "PENDING", b: "PENDING" });
  });
});

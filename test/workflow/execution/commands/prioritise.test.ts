/** The rule of a priority, as sentences; and which nodes it is for. */
import { describe, expect, test } from "bun:test";
import type { ClientCommand } from "../../../../src/workflow/execution/client-commands.ts";
import { executionPriority, nodePriority } from "../../../../src/workflow/execution/priority.ts";
import { planOf } from "../../plan/plans.ts";
import { commandsOf, given, start, trigger } from "../given.ts";
import { testSentences } from "./sentences.ts";

const plan = { ...planOf([{ id: "usual" }, { id: "own" }]), priorities: Uint8Array.of(5, 7) };
const { complete } = commandsOf(plan);
const command: ClientCommand = { type: "Prioritise", priority: 2 };

describe("a priority for an execution", () => {
  testSentences(plan, [
    { execution: "that was never triggered is noted", command, gives: ["ExecutionPrioritised"], is: "PENDING" },
    { execution: "that waits for room is noted", after: [trigger], command, gives: ["ExecutionPrioritised"], is: "PENDING" },
    { execution: "that runs is noted", after: [trigger, start], command, gives: ["ExecutionPrioritised"], is: "RUNNING" },
    { execution: "that is paused is noted", after: [trigger, { type: "Pause" }], command, gives: ["ExecutionPrioritised"], is: "PAUSED" },
    { execution: "that has it already changes nothing", after: [command], command, gives: "so already", is: "PENDING" },
    {
      execution: "that has it from its definition changes nothing",
      ...{ command: { type: "Prioritise", priority: 5 }, gives: "so already", is: "PENDING" },
    },
    {
      execution: "that has ended is refused",
      ...{ after: [trigger, start, complete("usual"), complete("own")], command, gives: "already_finished", is: "COMPLETED" },
    },
  ]);
  test("is that of its nodes, but of those that have one of their own", () => {
    const { state } = given(plan).when(command);
    expect([executionPriority(state), nodePriority(state, 0), nodePriority(state, 1)]).toEqual([2, 2, 7]);
    const before = given(plan).state;
    expect([executionPriority(before), nodePriority(before, 0), nodePriority(before, 1)]).toEqual([5, 5, 7]);
  });
});

/** Tables of sentences: what one command does to an execution in each state, forbidden moves included. */
import { expect, test } from "bun:test";
import type { ClientCommand, Rejected } from "../../../../src/workflow/execution/client-commands.ts";
import { rejectionOf } from "../../../../src/workflow/execution/decide.ts";
import type { Command, WorkflowEvent } from "../../../../src/workflow/execution/messages.ts";
import type { ExecutionStatus } from "../../../../src/workflow/execution/status.ts";
import type { Plan } from "../../../../src/workflow/plan/plan.ts";
import { given } from "../given.ts";

export type Sentence = {
  readonly execution: string;
  readonly after?: readonly Command[];
  readonly command: ClientCommand;
  /** The events that follow, by their types; or that it is so already; or why it cannot be. */
  readonly gives: readonly WorkflowEvent["type"][] | "so already" | Rejected["code"];
  /** What the execution and these nodes are then. */
  readonly is: ExecutionStatus;
  readonly nodes?: Readonly<Record<string, string>>;
};

/** A test for each sentence. */
export function testSentences(plan: Plan, sentences: readonly Sentence[]): void {
  test.each(sentences.map((sentence) => [sentence.execution, sentence] as const))("%s", (_, sentence) => {
    const { after = [], command, gives, is, nodes = {} } = sentence;
    const before = given(plan).when(...after);
    const { status, triggeredAtMs, sequence } = before.state;
    // Who has only the store's summary is told the same.
    const rejection = rejectionOf({ status, triggeredAtMs }, command);
    const then = before.when(command);
    if (typeof gives === "object") then.thenEvents(...gives);
    else if (gives === "so already") then.thenIgnored();
    else expect(then.decision).toEqual({ type: "rejected", code: gives, status });
    expect(rejection).toEqual(then.decision?.type === "rejected" ? then.decision : null);
    expect(then.state.status).toBe(is);
    expect(then.state.sequence).toBe(sequence + (typeof gives === "object" ? gives.length : 0));
    then.thenNodes(nodes);
  });
}

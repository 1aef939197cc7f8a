/** given(plan, events).when(command).then(...): the core's tests in its own words, with ids instead of indexes. */
import { expect } from "bun:test";
import { decide } from "../../../src/workflow/execution/decide.ts";
import { evolve } from "../../../src/workflow/execution/evolve.ts";
import type { Failure } from "../../../src/workflow/execution/failure.ts";
import type { Plan } from "../../../src/workflow/plan/plan.ts";
import type { Command, Decision, WorkflowEvent } from "../../../src/workflow/execution/messages.ts";
import { type ExecutionState, initialState } from "../../../src/workflow/execution/state.ts";
import { NODE_STATES } from "../../../src/workflow/execution/status.ts";

export const NOW_MS = 10_000;

export function given(plan: Plan, events: readonly WorkflowEvent[] = []): Given {
  const state = initialState(plan);
  for (const event of events) evolve(state, event);
  return new Given(state, events);
}

export class Given {
  readonly state: ExecutionState;
  readonly events: readonly WorkflowEvent[];
  /** What the last command led to. */
  decision: Decision | null = null;

  constructor(state: ExecutionState, events: readonly WorkflowEvent[]) {
    this.state = state;
    this.events = events;
  }

  when(...commands: readonly Command[]): Given {
    const events = [...this.events];
    let decision: Decision | null = null;
    for (const command of commands) {
      decision = decide(this.state, command, { nowMs: NOW_MS, random: 0.5 });
      if (decision.type !== "events") continue;
      for (const event of decision.events) evolve(this.state, event);
      events.push(...decision.events);
    }
    const next = new Given(this.state, events);
    next.decision = decision;
    return next;
  }

  /** The types of the events of the last command. */
  thenEvents(...types: readonly WorkflowEvent["type"][]): Given {
    expect(this.decision?.type === "events" ? this.decision.events.map(({ type }) => type) : this.decision?.type).toEqual([...types]);
    return this;
  }

  thenIgnored(): Given {
    expect(this.decision).toEqual({ type: "ignored" });
    return this;
  }

  thenNodes(states: Readonly<Record<string, string>>): Given {
    const seen = Object.fromEntries(Object.keys(states).map((id) => [id, this.statusOf(id)]));
    expect(seen).toEqual({ ...states });
    return this;
  }

  statusOf(id: string): string {
    return NODE_STATES[this.state.nodeStatus[this.node(id)] ?? 0] ?? "?";
  }

  node(id: string): number {
    const node = this.state.plan.index.get(id);
    if (node === undefined) throw new Error(`The test's plan has no node ${id}.`);
    return node;
  }
}

export const boom: Failure = { kind: "handler", code: "boom", message: "It broke.", retryable: true };
export const trigger = { type: "Trigger", params: null } as const satisfies Command;
/** There is room to run it. */
export const start = { type: "Start" } as const satisfies Command;

/** Commands by node id. */
export function commandsOf(plan: Plan) {
  const node = (id: string): number => plan.index.get(id) ?? -1;
  return {
    complete: (id: string, attempt = 1, output = "null"): Command => ({
      type: "CompleteAttempt",
      node: node(id),
      attempt,
      beganAtMs: 1,
      output,
    }),
    fail: (id: string, attempt = 1, failure: Failure = boom): Command => ({
      type: "FailAttempt",
      node: node(id),
      attempt,
      beganAtMs: 1,
      failure,
    }),
    lose: (id: string, attempt = 1, death = true): Command => ({ type: "LoseAttempt", node: node(id), attempt, death }),
    begin: (id: string, attempt = 1): Command => ({ type: "RecordStart", node: node(id), attempt, beganAtMs: 5, executor: "boot-1" }),
    fire: (id: string, attempt: number): Command => ({ type: "FireRetry", node: node(id), attempt }),
  };
}

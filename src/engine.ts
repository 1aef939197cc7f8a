/** The front door: create, trigger, view, list, wait. What HTTP, the benchmarks and the tests use. */
import type { ExecutionView } from "./workflow/view.ts";
import type { Plan } from "./workflow/graph.ts";
import type { ListQuery, Summary } from "./store/store.ts";
import type { Problem, Warning } from "./workflow/definition.ts";
import type { ExecutionStatus } from "./workflow/status.ts";

/** What views and lists are made of, for those who see the engine only. */
export type { ListPosition, Summary } from "./store/store.ts";
export { EXECUTION_STATES, type ExecutionStatus, isTerminal, type NodeStatus } from "./workflow/status.ts";
export type { Step } from "./workflow/graph.ts";
export type { ExecutionView, NodeView } from "./workflow/view.ts";

/** A definition that passed every check. */
export type CheckedDefinition = { readonly text: string; readonly hash: string; readonly plan: Plan; readonly warnings: readonly Warning[] };

export type CheckResult =
  | { readonly ok: true; readonly definition: CheckedDefinition }
  /** kind: `syntax` (not JSON, too deep) → 400; `shape` (wrong types) → 422; `structure` (cycle, unknown dependency …) → 400. */
  | { readonly ok: false; readonly kind: "syntax" | "shape" | "structure"; readonly problems: readonly Problem[] };

export type CreateRequest = {
  readonly definition: CheckedDefinition;
  /** With it, the execution is also triggered in the same act. `params`: JSON text of an object, or null. */
  readonly trigger: { readonly params: string | null } | null;
  /** From an Idempotency-Key: the same route and key find what is there. `body`: the request's text, to tell another request. */
  readonly idempotency: { readonly route: string; readonly key: string; readonly body: string } | null;
};
export type CreateResult =
  | { readonly type: "created" | "exists"; readonly id: string }
  /** The key was used for another body. */
  | { readonly type: "differs" }
  | Unavailable;

export type TriggerResult =
  | { readonly type: "triggered" }
  /** It runs, waits for room, or is done: nothing changed. */
  | { readonly type: "already"; readonly status: ExecutionStatus }
  | { readonly type: "not_found" }
  | Unavailable;

/** Full, stopping, or the store is away: the client should come again. */
export type Unavailable = { readonly type: "unavailable"; readonly reason: string; readonly retryAfterMs: number };

export interface Engine {
  /** Parses and checks a definition's JSON text; a large one in a thread. Never throws for bad input. */
  check(text: string, form: "workflow" | "steps"): Promise<CheckResult>;
  create(request: CreateRequest): Promise<CreateResult>;
  /** `params`: JSON text of an object, or null for none. Resolves when the trigger is durable. */
  trigger(id: string, params: string | null): Promise<TriggerResult>;
  /** The execution as the store has it, or null. Reads never ask an actor. */
  view(id: string): Promise<ExecutionView | null>;
  /** The small part of it. */
  summary(id: string): Promise<Summary | null>;
  /** Outputs of the given nodes' ids that are kept apart (view shows only their size), as JSON texts. */
  largeOutputs(id: string, nodes: readonly { readonly id: string; readonly attempt: number }[]): Promise<readonly (string | null)[]>;
  list(query: ListQuery): Promise<readonly Summary[]>;
  /** Resolves at the end of the execution or after `withinMs`; at once where too many wait already (false) or it has ended. */
  waitForEnd(id: string, withinMs: number): Promise<boolean>;
  health(): EngineHealth;
}

export type EngineHealth = {
  readonly state: "starting" | "running" | "stopping";
  readonly degraded: boolean;
  readonly store: { readonly kind: string; readonly available: boolean };
  readonly executions: { readonly active: number; readonly waiting: number };
  readonly pool: { readonly threads: number; readonly begun: number; readonly waiting: number };
};

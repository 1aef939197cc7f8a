/** The engine's questions and answers, for those who see only the engine. */
import type { StreamHealth } from "../bus/event-stream.ts";
import type { Receipt } from "../workflow/execution/client-commands.ts";
import type { ExecutionStatus } from "../workflow/execution/status.ts";
import type { Plan } from "../workflow/plan/plan.ts";
import type { DefinitionResult, Warning } from "../workflow/definition/definition.ts";

/** A definition that passed every check. `text` is what is stored; `hash` is that text's. */
export type CheckedDefinition = {
  readonly text: string;
  readonly hash: string;
  readonly plan: Plan;
  readonly warnings: readonly Warning[];
};
export type CheckResult =
  | { readonly ok: true; readonly definition: CheckedDefinition }
  /** kind: `syntax` (not JSON, too deep) → 400; `large` → 413; `shape` (wrong types) → 422; `structure` (cycle, unknown dependency …) → 400. */
  | Extract<DefinitionResult, { ok: false }>;

export type CreateRequest = {
  readonly definition: CheckedDefinition;
  /** The trigger in the same commit, if there is one. `params`: JSON text of an object, or null. */
  readonly trigger: { readonly params: string | null } | null;
  /** The Idempotency-Key: the same route and key find the same execution. `body`: the request's text, which tells another request. */
  readonly idempotency: { readonly route: string; readonly key: string; readonly body: string } | null;
};
export type CreateResult =
  /** `status`: as it was stored. */
  | { readonly type: "created"; readonly id: string; readonly status: ExecutionStatus }
  | { readonly type: "exists"; readonly id: string }
  /** The key was used for another request. */
  | { readonly type: "differs" }
  /** The store can never take it. */
  | { readonly type: "refused"; readonly reason: string }
  | Unavailable;

export type RemoveAnswer =
  | { readonly type: "removed" }
  /** The execution is cancelled; it is deleted once it is closed. */
  | { readonly type: "accepted" }
  | { readonly type: "rejected"; readonly code: "not_finished"; readonly status: ExecutionStatus }
  | Exclude<CommandAnswer, { readonly type: "accepted" | "rejected" }>;

export type CommandAnswer =
  | Receipt
  /** The command is stored for the instance that owns the execution, which has not answered yet. */
  | { readonly type: "queued"; readonly commandId: string }
  | Unavailable;

/** Full, stopping, or the store is away: the client should send the request again. */
export type Unavailable = { readonly type: "unavailable"; readonly reason: string; readonly retryAfterMs: number };

export type EngineHealth = {
  readonly state: "running" | "stopping";
  readonly degraded: boolean;
  readonly store: { readonly kind: string; readonly available: boolean };
  readonly executions: { readonly active: number; readonly running: number; readonly waiting: number };
  readonly pool: { readonly threads: number; readonly begun: number; readonly waiting: number };
  /** The reason why the instance should get no work, as a sentence; null if it should. */
  readonly obstacle: string | null;
  /** Null for an instance alone. `lanes`: the number that it owns. `trusted`: those whose leases surely last. */
  readonly cluster: {
    readonly bootId: string;
    readonly lanes: number;
    readonly trusted: readonly number[];
    readonly events: StreamHealth | null;
    readonly outboxBytes: number;
  } | null;
};

const RETRY_AFTER_MS = 1_000;

/** An answer that asks the client to send the request again. */
export function unavailable(reason: string): Unavailable {
  return { type: "unavailable", reason, retryAfterMs: RETRY_AFTER_MS };
}

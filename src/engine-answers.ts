/** What the engine is asked and what it answers, for those who see the engine only. */
import type { StreamHealth } from "./bus/bus.ts";
import type { CheckedDefinition } from "./pool/definition-checker.ts";
import type { ExecutionStatus } from "./workflow/status.ts";

export type CreateRequest = {
  readonly definition: CheckedDefinition;
  /** With it, the execution is also triggered in the same act. `params`: JSON text of an object, or null. */
  readonly trigger: { readonly params: string | null } | null;
  /** From an Idempotency-Key: the same route and key find what is there. `body`: the request's text, to tell another request. */
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

export type TriggerResult =
  | { readonly type: "triggered" }
  /** Stored for the instance that owns the execution, which has not answered yet. */
  | { readonly type: "queued"; readonly commandId: string }
  /** It runs, waits for room, or is done: nothing changed. */
  | { readonly type: "already"; readonly status: ExecutionStatus }
  | { readonly type: "not_found" }
  | Unavailable;

/** Full, stopping, or the store is away: the client should come again. */
export type Unavailable = { readonly type: "unavailable"; readonly reason: string; readonly retryAfterMs: number };

export type EngineHealth = {
  readonly state: "running" | "stopping";
  readonly degraded: boolean;
  readonly store: { readonly kind: string; readonly available: boolean };
  readonly executions: { readonly active: number; readonly running: number; readonly waiting: number };
  readonly pool: { readonly threads: number; readonly begun: number; readonly waiting: number };
  /** Why it should not be sent work, as a sentence; null where it should. */
  readonly obstacle: string | null;
  /** Null for an instance alone. `lanes`: how many it owns. `trusted`: those of them whose leases surely last. */
  readonly cluster: {
    readonly bootId: string;
    readonly lanes: number;
    readonly trusted: readonly number[];
    readonly events: StreamHealth | null;
    readonly outboxBytes: number;
  } | null;
};

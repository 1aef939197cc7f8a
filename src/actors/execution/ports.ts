/** The ports of a supervisor: every seam through which it reaches the world, and the shared parts of the room. */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { Random } from "../../env/random.ts";
import type { Pool } from "../../pool/pool.ts";
import type { Chunk } from "../../store/store.ts";
import type { TriggerParams, TooMuch } from "../../workflow/template/trigger-params.ts";
import type { Plan } from "../../workflow/plan/plan.ts";
import type { Admission } from "./admission.ts";
import type { Removals } from "./removals.ts";
import type { RemoteAttempts } from "../../cluster/overflow/remote-attempts.ts";
import type { KnownHandlers } from "../../cluster/known-handlers.ts";
import type { LargeTexts } from "../../store/large-texts.ts";
import type { CreatedExecutions } from "./created-executions.ts";
import type { Claim, NodeOf } from "../../cluster/overflow/offers.ts";
import type { Timers } from "../../env/timers.ts";
import type { Ownership } from "../../cluster/ownership.ts";
import type { OwnedLane } from "../../cluster/owned-lane.ts";

export type Ports = {
  readonly clock: Clock;
  readonly random: Random;
  /** The log of failed executions. */
  readonly failures: Pick<Log, "error">;
  /** Loads the execution as the store has it; null if there is none. Rejects with StoreUnavailable. */
  readonly load: (executionId: string) => Promise<LoadedExecution | null>;
  readonly createdExecutions: CreatedExecutions;
  /** The boot id of this instance. */
  readonly bootId: string;
  /** The right to write to the execution's lane; null if another instance has it. */
  readonly ownedLaneOf: (executionId: string) => OwnedLane | null;
  /** Whether other instances share the store: then a fenced owner is not alone, and a lost executor has died. */
  readonly shared: boolean;
  readonly isAlive: (bootId: string) => boolean;
  /** Whether too many events wait to be published: then no node starts for now. */
  readonly isOutboxFull: () => boolean;
  readonly remoteAttempts: RemoteAttempts;
  /** What other instances had claimed of it when it was taken over. Rejects if the store is away. */
  readonly claimsOf: (executionId: string, nodeOf: NodeOf) => readonly Claim[] | Promise<readonly Claim[]>;
  readonly pool: Pool;
  readonly timers: Timers;
  readonly admission: Admission;
  readonly removals: Removals;
  readonly largeTexts: LargeTexts;
  readonly handlers: KnownHandlers;
  /** The meaning of params for an execution of the plan; at once if that is little work. */
  readonly readTriggerParams: (plan: Plan, params: string | null) => TriggerParams | Promise<TriggerParams | TooMuch>;
  readonly ownerDeaths: Ownership["deaths"];
};

/** A loaded execution. `definition`: its hash. */
export type LoadedExecution = { readonly definition: string; readonly plan: Plan; readonly chunks: readonly Chunk[] };

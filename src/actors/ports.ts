/** What a supervisor reaches the world through: every seam of it, and the rooms' few shared parts. */
import type { Clock } from "../env/clock.ts";
import type { Log } from "../env/log.ts";
import type { Random } from "../env/random.ts";
import type { Pool } from "../pool/pool.ts";
import type { Committer } from "../store/committer.ts";
import type { Chunk } from "../store/store.ts";
import type { Catalog } from "../workflow/catalog.ts";
import type { Plan } from "../workflow/graph.ts";
import type { Command, Rejection } from "../workflow/messages.ts";
import type { Admission } from "./admission.ts";
import type { LargeTexts } from "./large-texts.ts";
import type { Timers } from "./timers.ts";

export type Ports = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The execution as the store has it, null where there is none. Rejects with StoreUnavailable. */
  readonly load: (executionId: string) => Promise<LoadedExecution | null>;
  /** The committer of the execution's lane. */
  readonly committerOf: (executionId: string) => Committer;
  readonly pool: Pool;
  readonly timers: Timers;
  readonly admission: Admission;
  readonly largeTexts: LargeTexts;
  readonly catalog: Catalog;
  readonly ownerDeaths: OwnerDeaths;
};

/** `definition`: its hash. */
export type LoadedExecution = { readonly definition: string; readonly plan: Plan; readonly chunks: readonly Chunk[] };

/** Which executions were taken over from an owner that died, until that is recorded in their log. */
export type OwnerDeaths = {
  /** The dead boot, or null. */
  bootIdOf(executionId: string): string | null;
  recorded(executionId: string): void;
};

/** A trigger from a client, who waits for its receipt. `params`: JSON text of an object, or null. */
export type Ask = {
  readonly type: "Ask";
  readonly params: string | null;
  readonly reply: (receipt: Receipt) => void;
};

export type Receipt =
  | { readonly type: "done" }
  | { readonly type: "rejected"; readonly rejection: Rejection }
  | { readonly type: "unknown" }
  | { readonly type: "unavailable"; readonly reason: string };

export type SupervisorMessage = Command | Ask;

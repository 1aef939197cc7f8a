/** What a supervisor reaches the world through: every seam of it, and the rooms' few shared parts. */
import type { Clock } from "../env/clock.ts";
import type { Log } from "../env/log.ts";
import type { Random } from "../env/random.ts";
import type { Pool } from "../pool/pool.ts";
import type { Chunk } from "../store/store.ts";
import type { Given, TooMuch } from "../workflow/given.ts";
import type { Plan } from "../workflow/graph.ts";
import type { Command, Rejection } from "../workflow/messages.ts";
import type { Admission } from "./admission.ts";
import type { Errands } from "./errands.ts";
import type { KnownHandlers } from "./known-handlers.ts";
import type { LargeTexts } from "./large-texts.ts";
import type { Newborns } from "./newborns.ts";
import type { StoredBody } from "./stored-command.ts";
import type { Claim } from "./surplus.ts";
import type { Tenure } from "./tenure.ts";
import type { Timers } from "../env/timers.ts";

export type Ports = {
  readonly clock: Clock;
  readonly random: Random;
  /** Is told of each execution that failed. */
  readonly failures: Pick<Log, "error">;
  /** The execution as the store has it, null where there is none. Rejects with StoreUnavailable. */
  readonly load: (executionId: string) => Promise<LoadedExecution | null>;
  readonly newborns: Newborns;
  /** This instance's, of the process's life. */
  readonly bootId: string;
  /** The right to write to the execution's lane, null where another instance has it. */
  readonly tenureOf: (executionId: string) => Tenure | null;
  /** Other instances share the store: who is fenced is not alone, and a lost executor has died. */
  readonly shared: boolean;
  readonly isAlive: (bootId: string) => boolean;
  /** More events wait to be published than may: nothing new is started for now. */
  readonly isHeld: () => boolean;
  readonly errands: Errands;
  /** What other instances had claimed of it when it was taken over. Rejects where the store is away. */
  readonly claimsOf: (executionId: string) => readonly Claim[] | Promise<readonly Claim[]>;
  readonly pool: Pool;
  readonly timers: Timers;
  readonly admission: Admission;
  readonly largeTexts: LargeTexts;
  readonly handlers: KnownHandlers;
  /** What params mean for an execution of the plan; at once where that is little work. */
  readonly givenBy: (plan: Plan, params: string | null) => Given | Promise<Given | TooMuch>;
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
  /** Another instance owns the execution. */
  | { readonly type: "moved" }
  | { readonly type: "unavailable"; readonly reason: string };

/** A command that was stored for the execution's owner. The commit that answers it deletes it. */
export type Stored = {
  readonly type: "Stored";
  readonly commandId: string;
  readonly execution: string;
  readonly body: StoredBody;
  /** False: it was not answered, and is still in the store. */
  readonly done: (answered: boolean) => void;
};

/** The execution goes to another instance: begin nothing more, record what runs. */
export type HandOver = {
  readonly type: "HandOver";
  /** True where all that runs is recorded. */
  readonly done: (clean: boolean) => void;
};

/** To itself, behind what it was told while it started: only then is it known what is to be done. */
export type Resume = { readonly type: "Resume" };

/** What a decision is made on. */
export type Decided = Command | Ask | Stored;

export type SupervisorMessage = Decided | HandOver | Resume;

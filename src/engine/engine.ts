/** The front door: create, command, view, list, wait. What HTTP, the benchmarks and the tests use. */
import type { CommandAnswer, CreateRequest, CreateResult, EngineHealth, Unavailable } from "./answers.ts";
import type { NewWork } from "./load-shedding.ts";
import type { DefinitionChecker } from "./definitions/checker.ts";
import type { ListQuery, Summary } from "../store/store.ts";
import type { ClientCommand } from "../workflow/execution/client-commands.ts";
import type { DefinitionOptions } from "../workflow/definition/definition.ts";
import type { ExecutionView } from "../workflow/view/view.ts";

/** What views and lists are made of, for those who see the engine only. */
export { type ListPosition, StoreUnavailable, type Summary } from "../store/store.ts";
export type { Step } from "../workflow/plan/plan.ts";
export { EXECUTION_STATES, type ExecutionStatus, isTerminal, NODE_STATES, type NodeStatus } from "../workflow/execution/status.ts";
export type { ClientCommand, Receipt } from "../workflow/execution/client-commands.ts";
export { FAILURE_KINDS } from "../workflow/execution/failure.ts";
export { type ExecutionView, type NodeView, progressOf } from "../workflow/view/view.ts";

export type { NewWork } from "./load-shedding.ts";

export type { ParamsResult } from "../workflow/definition/params.ts";
export type { SubmittedResult } from "../workflow/definition/submitted.ts";
export type DefinitionForm = DefinitionOptions["form"];

export type { CheckedDefinition, CheckResult, CommandAnswer, CreateRequest, CreateResult, EngineHealth, Unavailable } from "./answers.ts";

/** What clients send is read here, in a thread where it is large. */
export interface Engine extends Pick<DefinitionChecker, "check" | "decode" | "readParams" | "readSubmitted" | "yamlToJson"> {
  /** Refuses nothing for the load: for that `admit` is asked before. A store that is full or away and a stop refuse it all the same. */
  create(request: CreateRequest): Promise<CreateResult>;
  /** Why new work of this kind is refused now; null where it may come. Asked once for each, before anything is done for it. */
  admit(work: NewWork): Unavailable | null;
  /** Some of what is new is refused lately. */
  readonly isShedding: boolean;
  /** The one way in for what a client wants of an execution that exists. Resolves when the answer is durable, or cannot be for now. */
  command(executionId: string, command: ClientCommand): Promise<CommandAnswer>;
  /** The execution as the store has it, or null. Reads never ask an actor. Rejects with StoreUnavailable. */
  view(id: string): Promise<ExecutionView | null>;
  /** The small part of it. Rejects with StoreUnavailable. */
  summary(id: string): Promise<Summary | null>;
  /** Its supervisor crashed too often and is left alone until the next sweep; known to the owner alone. */
  isStalled(id: string): boolean;
  /** Outputs that are kept apart (a view shows only their size), as JSON texts. `attempt`: the node's `attempts`. */
  largeOutputs(id: string, nodes: readonly { readonly id: string; readonly attempt: number }[]): Promise<readonly (string | null)[]>;
  list(query: ListQuery): Promise<readonly Summary[]>;
  /** True at the end of the execution; false when the time is up or too many wait already. */
  waitForEnd(id: string, withinMs: number): Promise<boolean>;
  health(): EngineHealth;
  /** It will be stopped soon: readiness says so, and everything else goes on. */
  markUnready(): void;
  /**
   * A clean end: nothing new begins, what runs may finish within `graceMs`, everything is committed, and whoever waits
   * is let go. `lastAnswers` is given the time to answer them; then the store is closed.
   */
  stop(graceMs: number, lastAnswers?: () => Promise<void>): Promise<void>;
}

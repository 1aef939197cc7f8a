/** The engine, the entrance for everybody: create, command, view, list, wait. HTTP, the benchmarks and the tests use it. */
import type { CommandAnswer, CreateRequest, CreateResult, EngineHealth, RemoveAnswer, Unavailable } from "./answers.ts";
import type { NewWork } from "./load-shedding.ts";
import type { DefinitionChecker } from "./definitions/checker.ts";
import type { ListQuery, Summary } from "../store/store.ts";
import type { ClientCommand } from "../workflow/execution/client-commands.ts";
import type { DefinitionOptions } from "../workflow/definition/definition.ts";
import type { ExecutionView } from "../workflow/view/view.ts";

/** The types of views and lists, for those who see only the engine. */
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

export type {
  CheckedDefinition,
  CheckResult,
  CommandAnswer,
  CreateRequest,
  CreateResult,
  EngineHealth,
  RemoveAnswer,
  Unavailable,
} from "./answers.ts";

/** The engine. It also reads what clients send, in a thread if it is large. */
export interface Engine extends Pick<DefinitionChecker, "check" | "decode" | "readParams" | "readSubmitted" | "yamlToJson"> {
  /**
   * Creates. Refuses nothing because of the load: ask `admit` before. A store that is full or away, and a stop, refuse it all the same.
   */
  create(request: CreateRequest): Promise<CreateResult>;
  /** The reason why new work of this kind is refused now; null if it may come. Asked once for each, before anything is done for it. */
  admit(work: NewWork): Unavailable | null;
  /** Whether some new work was refused lately. */
  readonly isShedding: boolean;
  /** The one way for a client's command to an execution that exists. Resolves when the answer is durable, or cannot be for now. */
  command(executionId: string, command: ClientCommand): Promise<CommandAnswer>;
  /** Deletes an execution that is closed. `cancel`: any other is cancelled, and deleted once it is closed. */
  remove(executionId: string, cancel: boolean): Promise<RemoveAnswer>;
  /** The execution as the store has it, or null. Reads never ask an actor. Rejects with StoreUnavailable. */
  view(id: string): Promise<ExecutionView | null>;
  /** The small part of it. Rejects with StoreUnavailable. */
  summary(id: string): Promise<Summary | null>;
  /** Whether its supervisor crashed too often and is left alone until the next sweep. Only the owner knows. */
  isStalled(id: string): boolean;
  /** Outputs that are kept apart (a view shows only their size), as JSON texts. `attempt`: the node's `attempts`. */
  largeOutputs(id: string, nodes: readonly { readonly id: string; readonly attempt: number }[]): Promise<readonly (string | null)[]>;
  list(query: ListQuery): Promise<readonly Summary[]>;
  /** Resolves with true at the end of the execution, with false when the time is up or too many wait already. */
  waitForEnd(id: string, withinMs: number): Promise<boolean>;
  health(): EngineHealth;
  /** Says that the instance will be stopped soon: readiness says so, and everything else goes on. */
  markUnready(): void;
  /**
   * Ends cleanly: nothing new begins, what runs may finish within `graceMs`, everything is committed, and all waiters are released.
   * `lastAnswers` is given the time to answer them; then the store is closed.
   */
  stop(graceMs: number, lastAnswers?: () => Promise<void>): Promise<void>;
}

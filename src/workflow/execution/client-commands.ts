/** Commands of clients for an execution that exists, and the answers that are recorded. A command is one value on its whole way. */
import type { ExecutionStatus } from "./status.ts";

/** A client's command. `params`: JSON text of an object, or null if there are none. */
export type ClientCommand = { readonly type: "Trigger"; readonly params: string | null };

/** All commands of clients. The word of each in the store is its type in lower case. */
export const CLIENT_COMMANDS: Readonly<Record<ClientCommand["type"], true>> = { Trigger: true };

/** The reason why a command cannot be accepted: the client's mistake, which changes nothing. */
export type Rejected = {
  readonly type: "rejected";
  readonly code: "already_triggered" | "already_finished";
  /** The status of the execution, which has not changed. */
  readonly status: ExecutionStatus;
};

/** What became of a command, for whoever waits for it. It is durable with the commit that answers it. */
export type Receipt =
  | { readonly type: "accepted" }
  | Rejected
  /** There is no such execution. */
  | { readonly type: "unknown" };

/** What a client may want of an execution that exists, and what is recorded as the answer. Each is one value on its whole way. */
import type { ExecutionStatus } from "./status.ts";

/** `params`: JSON text of an object, or null for none. */
export type ClientCommand = { readonly type: "Trigger"; readonly params: string | null };

/** Every one that there is. Its word in the store is its type in lower case. */
export const CLIENT_COMMANDS: Readonly<Record<ClientCommand["type"], true>> = { Trigger: true };

/** Why it cannot be: the client's mistake, which changes nothing. */
export type Rejected = {
  readonly type: "rejected";
  readonly code: "already_triggered" | "already_finished";
  /** The execution's, which it has kept. */
  readonly status: ExecutionStatus;
};

/** What became of a command, for whoever waits for it. Durable with the commit that answers it. */
export type Receipt =
  | { readonly type: "accepted" }
  | Rejected
  /** There is no such execution. */
  | { readonly type: "unknown" };

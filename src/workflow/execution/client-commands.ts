/** Commands of clients for an execution that exists, and the answers that are recorded. A command is one value on its whole way. */
import type { ExecutionStatus } from "./status.ts";

/** A client's command. */
export type ClientCommand =
  /** `params`: JSON text of an object, or null if there are none. */
  | { readonly type: "Trigger"; readonly params: string | null }
  /** `reason`: a sentence that the execution shows as its error; null if there is none. */
  | { readonly type: "Cancel"; readonly reason: string | null }
  | { readonly type: "Pause" }
  | { readonly type: "Resume" }
  /** `priority`: 0 to 10. */
  | { readonly type: "Prioritise"; readonly priority: number }
  /** The execution is cancelled if it has not ended, and deleted once it is closed. */
  | { readonly type: "Discard" };

/** All commands of clients, and the level that each needs. The word of each in the store is its type in lower case. */
export const CLIENT_COMMANDS: Readonly<Record<ClientCommand["type"], number>> = {
  Trigger: 1,
  Cancel: 2,
  Pause: 2,
  Resume: 2,
  Prioritise: 2,
  Discard: 2,
};

/** The reason why a command cannot be accepted: the client's mistake, which changes nothing. */
export type Rejected = {
  readonly type: "rejected";
  readonly code: "already_triggered" | "already_finished" | "not_running";
  /** The status of the execution, which has not changed. */
  readonly status: ExecutionStatus;
};

/** A command that was carried out, or whose wish was true already. For a trigger nothing more is said. */
export type Accepted = {
  readonly type: "accepted";
  /** False if its wish was true already. */
  readonly changed?: boolean;
  /** The status of the execution after it. */
  readonly status?: ExecutionStatus;
};

/** What became of a command, for whoever waits for it. It is durable with the commit that answers it. */
export type Receipt =
  | Accepted
  | Rejected
  /** There is no such execution. */
  | { readonly type: "unknown" };

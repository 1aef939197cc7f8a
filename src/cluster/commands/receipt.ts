/** What became of a command, for whoever waits for it. Stored with the commit that answers it. */
import type { Rejection } from "../../workflow/execution/messages.ts";

export type Receipt =
  | { readonly type: "done" }
  | { readonly type: "rejected"; readonly rejection: Rejection }
  | { readonly type: "unknown" }
  /** Another instance owns the execution. */
  | { readonly type: "moved" }
  | { readonly type: "unavailable"; readonly reason: string };

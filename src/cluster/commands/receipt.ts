/** The answers to commands, and their text in the store. Instances of several versions read it, so its words stay. */
import type { Accepted, Receipt, Rejected } from "../../workflow/execution/client-commands.ts";

/** The command was not decided on. Only the reason is known. */
export type Unanswered =
  /** Another instance owns the execution. */
  { readonly type: "moved" } | { readonly type: "unavailable"; readonly reason: string };

export type Answer = Receipt | Unanswered;

type StoredReceipt =
  | (Omit<Accepted, "type"> & { readonly type: "done" })
  | { readonly type: "rejected"; readonly rejection: Pick<Rejected, "code" | "status"> }
  | { readonly type: "unknown" };

export function packReceipt(receipt: Receipt): string {
  return JSON.stringify(storedOf(receipt));
}

/** Null for what only a newer build knows: the command is answered, and how cannot be told here. */
export function readReceipt(text: string): Receipt | null {
  const stored = JSON.parse(text) as StoredReceipt;
  switch (stored.type) {
    case "done":
      return { ...stored, type: "accepted" };
    case "rejected":
      return { type: "rejected", code: stored.rejection.code, status: stored.rejection.status };
    case "unknown":
      return stored;
    default:
      return null;
  }
}

function storedOf(receipt: Receipt): StoredReceipt {
  switch (receipt.type) {
    case "accepted":
      return { ...receipt, type: "done" };
    case "rejected":
      return { type: "rejected", rejection: { code: receipt.code, status: receipt.status } };
    case "unknown":
      return receipt;
  }
}

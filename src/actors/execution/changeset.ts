/** The changeset: what one commit of a supervisor holds, and what follows from it. */
import type { CommandReceipt, LargeText } from "../../store/store.ts";
import type { WorkflowEvent } from "../../workflow/execution/messages.ts";
import type { NodeIndex } from "../../workflow/plan/plan.ts";
import { packReceipt } from "../../cluster/commands/receipt.ts";
import type { Receipt } from "../../workflow/execution/client-commands.ts";
import type { CommandMessage, HandOver } from "./messages.ts";

export type Changeset = {
  /** The time of all its decisions: nothing else happens meanwhile. */
  readonly nowMs: number;
  readonly events: WorkflowEvent[];
  readonly large: LargeText[];
  /** Attempts whose outcome is in it, or is not wanted. */
  readonly settled: { readonly node: NodeIndex; readonly attempt: number }[];
  readonly receipts: { readonly message: CommandMessage; readonly receipt: Receipt }[];
  bytes: number;
  /** Whether the open effects of the state must be performed after it. */
  resumes: boolean;
  /** The hand-over that ends with it: what runs is recorded in it. */
  handOver: HandOver | null;
};

/** The size at which a commit is cut between commands. */
const EVENTS_MAX = 4_000;
const BYTES_MAX = 4 * 1024 * 1024;

export function newChangeset(nowMs: number): Changeset {
  return { nowMs, events: [], large: [], settled: [], receipts: [], bytes: 0, resumes: false, handOver: null };
}

export function hasRoom({ events, bytes }: Changeset): boolean {
  return events.length < EVENTS_MAX && bytes < BYTES_MAX;
}

/** The receipts of stored commands, as the store keeps them. */
export function receiptsOf({ receipts }: Changeset): readonly CommandReceipt[] {
  if (receipts.length === 0) return NONE;
  const kept: CommandReceipt[] = [];
  for (const { message, receipt } of receipts) {
    if (message.id !== null) kept.push({ commandId: message.id, receipt: packReceipt(receipt) });
  }
  return kept;
}

const NONE: readonly never[] = [];

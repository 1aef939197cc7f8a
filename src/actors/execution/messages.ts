/** What a supervisor is told: by clients, by the store, by the pool, and by itself. */
import type { Receipt } from "../../cluster/commands/receipt.ts";
import type { Stored } from "../../cluster/commands/stored-command.ts";
import type { Command } from "../../workflow/execution/messages.ts";

/** A trigger from a client, who waits for its receipt. `params`: JSON text of an object, or null. */
export type Ask = {
  readonly type: "Ask";
  readonly params: string | null;
  readonly reply: (receipt: Receipt) => void;
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

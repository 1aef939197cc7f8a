/** What a supervisor is told: by clients, by the store, by the pool, and by itself. */
import type { Answer } from "../../cluster/commands/receipt.ts";
import type { CommandBody } from "../../cluster/commands/stored-command.ts";
import type { Command } from "../../workflow/execution/messages.ts";

/** From somebody who waits for the answer: a client of this instance, or, through the store, one of another instance. */
export type CommandMessage = {
  readonly type: "Command";
  /** Under which it stands in the store until the commit that answers it; null where it does not stand there. */
  readonly id: string | null;
  readonly command: CommandBody;
  readonly answer: (answer: Answer) => void;
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
export type Decided = Command | CommandMessage;

export type SupervisorMessage = Decided | HandOver | Resume;

/** The messages of a supervisor: from clients, from the store, from the pool, and from itself. */
import type { Answer } from "../../cluster/commands/receipt.ts";
import type { CommandBody } from "../../cluster/commands/stored-command.ts";
import type { Command } from "../../workflow/execution/messages.ts";

/** A command from somebody who waits for the answer: a client of this instance, or, through the store, one of another instance. */
export type CommandMessage = {
  readonly type: "Command";
  /** The id under which it stands in the store until the commit that answers it; null if it does not stand there. */
  readonly id: string | null;
  readonly command: CommandBody;
  readonly answer: (answer: Answer) => void;
};

/** The execution goes to another instance: begin nothing more, and record what runs. */
export type HandOver = {
  readonly type: "HandOver";
  /** Called with true if everything that runs is recorded. */
  readonly done: (clean: boolean) => void;
};

/** A message to itself, behind what it was told while it started: only then is it known what must be done. */
export type Resume = { readonly type: "Resume" };

/** The messages that lead to a decision. */
export type Decided = Command | CommandMessage;

export type SupervisorMessage = Decided | HandOver | Resume;

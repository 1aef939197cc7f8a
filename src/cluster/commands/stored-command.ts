/**
 * The commands that wait in the store for an execution's owner, and their text: commands of clients, and outcomes of attempts that ran
 * elsewhere.
 */
import { CLIENT_COMMANDS, type ClientCommand } from "../../workflow/execution/client-commands.ts";
import { LONG_JSON, type LongJson } from "../../workflow/json/long-json.ts";
import type { Outcome } from "../../pool/pool.ts";
import { UnknownForm } from "../../workflow/execution/level.ts";
import type { NodeName } from "../../workflow/execution/state.ts";

/** The outcome of an attempt that this instance ran for another. */
export type SentOutcome = NodeName & {
  readonly type: "Outcome";
  readonly attempt: number;
  readonly beganAtMs: number;
  readonly outcome: Outcome;
};

export type CommandBody = ClientCommand | SentOutcome;

/** The text that is stored. Instances of other versions read it: a command's word is its type in lower case. */
export function packBody(body: CommandBody): string {
  return JSON.stringify(storedOf(body));
}

/** The text of a client's command; at once if nothing in it is large. */
export function packCommand(command: ClientCommand, json: LongJson): string | Promise<string> {
  const isLarge = Object.values(command).some((value) => typeof value === "string" && value.length >= LONG_JSON);
  return isLarge ? json.writeJson(storedOf(command)) : packBody(command);
}

/**
 * The body in a text. Throws, or rejects with, SyntaxError or UnreadableCommand if the text is none of ours, and UnknownForm if it is a
 * newer build's.
 */
export function readBody(text: string, json: LongJson): CommandBody | Promise<CommandBody> {
  return text.length < LONG_JSON ? checked(JSON.parse(text)) : json.readJson(text).then(checked);
}

/** The types by their words. */
const TYPES = new Map([...Object.keys(CLIENT_COMMANDS), "Outcome"].map((type) => [wordOf(type), type]));

function wordOf(type: string): string {
  return type.toLowerCase();
}

function storedOf(body: CommandBody): object {
  return { ...body, type: wordOf(body.type) };
}

function checked(value: unknown): CommandBody {
  const stored = value as { readonly type?: unknown } | null;
  const word = stored?.type;
  if (typeof word !== "string") throw new UnreadableCommand("No stored command has this form.");
  const type = TYPES.get(word);
  if (type === undefined) throw new UnknownForm(`The stored command is of the kind ${JSON.stringify(word)}`);
  return { ...stored, type } as CommandBody;
}

/** A stranger wrote the command. */
export class UnreadableCommand extends Error {
  override readonly name = "UnreadableCommand";
}

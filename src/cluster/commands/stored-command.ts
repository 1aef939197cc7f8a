/** Commands that wait in the store for an execution's owner: their text, and what they want of the supervisor. */
import { LONG_JSON, type LongJson } from "../../workflow/json/long-json.ts";
import type { Outcome } from "../../pool/pool.ts";
import type { NodeIndex } from "../../workflow/plan/plan.ts";

/** `params`: JSON text of an object, or null. */
export type StoredBody =
  | { readonly type: "trigger"; readonly params: string | null }
  /** What became of an attempt that this instance ran for another. */
  | { readonly type: "outcome"; readonly node: NodeIndex; readonly attempt: number; readonly beganAtMs: number; readonly outcome: Outcome };

/** A command that was stored for the execution's owner. The commit that answers it deletes it. */
export type Stored = {
  readonly type: "Stored";
  readonly commandId: string;
  readonly execution: string;
  readonly body: StoredBody;
  /** False: it was not answered, and is still in the store. */
  readonly done: (answered: boolean) => void;
};

/** The text that is stored; instances of one version write and read it. */
export function packBody(body: StoredBody): string {
  return JSON.stringify(body);
}

/** The text of a trigger; at once where its params are not large. */
export function packTrigger(params: string | null, json: LongJson): string | Promise<string> {
  const body: StoredBody = { type: "trigger", params };
  return (params?.length ?? 0) < LONG_JSON ? packBody(body) : json.writeJson(body);
}

/** Throws, or rejects with, SyntaxError or UnreadableCommand where the text is none of ours. */
export function readBody(text: string, json: LongJson): StoredBody | Promise<StoredBody> {
  return text.length < LONG_JSON ? checked(JSON.parse(text)) : json.readJson(text).then(checked);
}

function checked(value: unknown): StoredBody {
  const body = value as StoredBody | null;
  if (body?.type === "trigger" || body?.type === "outcome") return body;
  throw new UnreadableCommand("No stored command has this form.");
}

/** It was written by another version, or by a stranger. */
export class UnreadableCommand extends Error {
  override readonly name = "UnreadableCommand";
}

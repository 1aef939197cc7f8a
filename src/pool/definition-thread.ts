/** A thread that checks large definitions, so that the main thread goes on answering. Its first message is its settings; later ones are new settings, or orders. */
import { hashOf } from "../env/ids.ts";
import type { HandlerInfo } from "../workflow/catalog.ts";
import { type DefinitionOptions, type DefinitionResult, parseDefinition } from "../workflow/definition.ts";
import { type PackedPlan, packPlan } from "../workflow/plan-pack.ts";

export type CheckerSettings = Omit<DefinitionOptions, "form" | "catalog"> & {
  readonly catalog: readonly (readonly [string, HandlerInfo])[];
};
export type CheckOrder = { readonly number: number; readonly text: string; readonly form: DefinitionOptions["form"] };
export type PackedResult =
  | (Omit<Extract<DefinitionResult, { ok: true }>, "plan"> & { readonly plan: PackedPlan; readonly hash: string })
  | Extract<DefinitionResult, { ok: false }>;
export type CheckAnswer = { readonly number: number; readonly result: PackedResult };

declare const self: Worker;

/** Characters of a definition whose check leaves enough garbage to be worth some 10 ms after it is answered. */
const COLLECT_FROM = 1024 * 1024;

let settings: Omit<DefinitionOptions, "form"> | null = null;

self.onmessage = ({ data }: MessageEvent<CheckerSettings | CheckOrder>) => {
  if (!("number" in data)) {
    settings = { ...data, catalog: new Map(data.catalog) };
    return;
  }
  if (settings === null) throw new Error("The first message must be the settings.");
  const { number, text, form } = data;
  const result = parseDefinition(text, { ...settings, form });
  const answer: CheckAnswer = {
    number,
    result: result.ok ? { ...result, plan: packPlan(result.plan), hash: hashOf(result.text) } : result,
  };
  self.postMessage(answer);
  // 58 MB of it for 100,000 nodes, in a thread that may live for a while with nothing to do.
  if (text.length >= COLLECT_FROM) Bun.gc(true);
};

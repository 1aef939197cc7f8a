/**
 * A thread that reads what would hold the main thread up: large definitions and params, and YAML of any size. Its first message
 * is its settings; later ones are new settings, or orders.
 */
import { hashOf } from "../env/ids.ts";
import type { HandlerInfo } from "../workflow/catalog.ts";
import { type DefinitionOptions, type DefinitionResult, parseDefinition } from "../workflow/definition.ts";
import { type Given, givenBy, type TooMuch } from "../workflow/given.ts";
import { findParams, type ParamsPlace } from "../workflow/params.ts";
import { type PackedPlan, packPlan, unpackPlan } from "../workflow/plan-pack.ts";
import { STEPS_MAX } from "../workflow/references.ts";
import { readSubmitted, type SubmittedResult } from "../workflow/submitted.ts";
import type { YamlResult } from "./yaml.ts";

export type ThreadSettings = Omit<DefinitionOptions, "form" | "catalog"> & {
  readonly catalog: readonly (readonly [string, HandlerInfo])[];
};

/** What is to be done with the text that came before it: a string alone crosses at once, and in an object it is copied. */
export type Order =
  | { readonly kind: "check"; readonly form: DefinitionOptions["form"] }
  | { readonly kind: "yaml" }
  | { readonly kind: "params" }
  | { readonly kind: "submitted" }
  /** The text is params; "" stands for none. */
  | { readonly kind: "given"; readonly plan: PackedPlan };
type Ordered = { readonly number: number; readonly order: Order };

export type PackedResult =
  | (Omit<Extract<DefinitionResult, { ok: true }>, "plan"> & { readonly plan: PackedPlan; readonly hash: string })
  | Extract<DefinitionResult, { ok: false }>;
/** What each kind of order is answered with. */
export type OrderAnswers = {
  readonly check: PackedResult;
  readonly yaml: YamlResult;
  readonly params: ParamsPlace;
  readonly submitted: SubmittedResult;
  readonly given: Given | TooMuch;
};
export type Answer = { readonly number: number; readonly answer: OrderAnswers[Order["kind"]] };

declare const self: Worker;

/** Characters of a text whose reading leaves enough garbage to be worth some 10 ms after it is answered. */
const COLLECT_FROM = 1024 * 1024;

let settings: Omit<DefinitionOptions, "form"> | null = null;
/** For the next order. */
let text = "";

self.onmessage = async ({ data }: MessageEvent<ThreadSettings | Ordered | string>) => {
  if (typeof data === "string") {
    text = data;
    return;
  }
  if (!("number" in data)) {
    settings = { ...data, catalog: new Map(data.catalog) };
    return;
  }
  if (settings === null) throw new Error("The first message must be the settings.");
  const { number, order } = data;
  const its = text;
  text = "";
  const answer: Answer = { number, answer: await answerTo(order, its, settings) };
  self.postMessage(answer);
  // 58 MB of it for 100,000 nodes, in a thread that may live for a while with nothing to do.
  if (its.length >= COLLECT_FROM) Bun.gc(true);
};

async function answerTo(order: Order, its: string, options: Omit<DefinitionOptions, "form">): Promise<Answer["answer"]> {
  switch (order.kind) {
    case "check": {
      const result = parseDefinition(its, { ...options, form: order.form });
      return result.ok ? { ...result, plan: packPlan(result.plan), hash: hashOf(result.text) } : result;
    }
    case "yaml": {
      // Its parser takes long to load, and most servers never see a YAML document.
      const { yamlToJson } = await import("./yaml.ts");
      return yamlToJson(its, options.limits.nesting);
    }
    case "params":
      return findParams(its, options.limits.nesting);
    case "submitted":
      return readSubmitted(its, options.limits.nesting);
    case "given":
      return givenBy(unpackPlan(order.plan), its === "" ? null : its, { characters: Number.POSITIVE_INFINITY, steps: STEPS_MAX });
  }
}

/**
 * A thread that reads what would block the main thread: large definitions and params, and YAML of any size. Its first message is its
 * settings; later ones are new settings, or orders.
 */
import { decoded } from "../../env/bytes.ts";
import { hashOf } from "../../env/ids.ts";
import type { HandlerInfo } from "../../workflow/definition/catalog.ts";
import { compileStored, type DefinitionOptions, type DefinitionResult, parseDefinition } from "../../workflow/definition/definition.ts";
import { type TriggerParams, readTriggerParams, type TooMuch } from "../../workflow/template/trigger-params.ts";
import { findParams, type ParamsPlace } from "../../workflow/definition/params.ts";
import { type PackedPlan, packPlan, unpackPlan } from "../../workflow/plan/pack.ts";
import { STEPS_MAX } from "../../workflow/template/references.ts";
import { readSubmitted, type SubmittedResult } from "../../workflow/definition/submitted.ts";
import { takenApart } from "./long-texts.ts";
import { type ShortJson, shortened } from "../../workflow/json/long-json.ts";
import type { YamlResult } from "./yaml.ts";
import { collectNow } from "../../env/process/garbage.ts";

export type ThreadSettings = Omit<DefinitionOptions, "form" | "catalog"> & {
  readonly catalog: readonly (readonly [string, HandlerInfo])[];
};

/** An order about the text, or the bytes, that came before it. A string alone crosses at once; in an object it would be copied. */
export type Order =
  | { readonly kind: "check"; readonly form: DefinitionOptions["form"] }
  /** Answers with the text of bytes. */
  | { readonly kind: "decode" }
  | { readonly kind: "yaml" }
  | { readonly kind: "params" }
  | { readonly kind: "submitted" }
  /** The text is a definition as it is stored. */
  | { readonly kind: "compile" }
  /** Answers with the text as JSON, between two others: put together on the main thread, they would be copied there. */
  | { readonly kind: "quote"; readonly before: string; readonly after: string }
  /** Answers with the value of the JSON text. */
  | { readonly kind: "json" }
  /** The text is params; "" stands for none. */
  | { readonly kind: "given"; readonly plan: PackedPlan };
type Ordered = { readonly number: number; readonly order: Order };

export type PackedResult =
  | (Omit<Extract<DefinitionResult, { ok: true }>, "plan"> & { readonly plan: PackedPlan; readonly hash: string })
  | Extract<DefinitionResult, { ok: false }>;
/** The answer to each kind of order. */
export type OrderAnswers = {
  readonly check: PackedResult;
  readonly decode: { readonly text: string | null };
  readonly yaml: YamlResult;
  readonly params: ParamsPlace;
  readonly submitted: SubmittedResult;
  readonly compile: PackedPlan;
  readonly quote: { readonly text: string };
  readonly json: ShortJson;
  readonly given: TriggerParams | TooMuch;
};
/** An answer. Its long texts came before it. */
export type Answer = { readonly number: number; readonly answer: OrderAnswers[Order["kind"]] };

declare const self: Worker;

/** The length of a text whose reading leaves enough garbage to be worth some 10 ms after it is answered. */
const COLLECT_FROM = 1024 * 1024;

let settings: Omit<DefinitionOptions, "form"> | null = null;
/** The text for the next order. */
let given: string | Uint8Array<ArrayBuffer> = "";

self.onmessage = async ({ data }: MessageEvent<ThreadSettings | Ordered | string | Uint8Array<ArrayBuffer>>) => {
  if (typeof data === "string" || data instanceof Uint8Array) {
    given = data;
    return;
  }
  if (!("number" in data)) {
    settings = { ...data, catalog: new Map(data.catalog) };
    return;
  }
  if (settings === null) throw new Error("The first message must be the settings.");
  const { number, order } = data;
  const isLarge = given.length >= COLLECT_FROM;
  await answer(number, order, settings);
  // 58 MB of it for 100,000 nodes, in a thread that may live for a while with nothing to do.
  if (isLarge) collectNow();
};

/** Takes what was given, which is no longer referenced when it returns. */
async function answer(number: number, order: Order, options: Omit<DefinitionOptions, "form">): Promise<void> {
  const its = given;
  given = "";
  const texts: string[] = [];
  const said = typeof its === "string" ? await answerTo(order, its, options) : { text: textOf(its) };
  const answered: Answer = { number, answer: takenApart<Answer["answer"]>(said, texts) };
  for (const each of texts) self.postMessage(each);
  self.postMessage(answered);
}

/** The text of bytes. They are freed at once, and not when they are found to be garbage. */
function textOf(bytes: Uint8Array<ArrayBuffer>): string | null {
  const text = decoded(bytes);
  bytes.buffer.transfer(0);
  return text;
}

async function answerTo(order: Order, its: string, options: Omit<DefinitionOptions, "form">): Promise<Answer["answer"]> {
  switch (order.kind) {
    case "check": {
      const isDrafted = (): void => {
        if (its.length >= COLLECT_FROM) collectNow();
      };
      const result = parseDefinition(its, { ...options, form: order.form }, { isDrafted });
      return result.ok ? { ...result, plan: packPlan(result.plan), hash: hashOf(result.text) } : result;
    }
    case "decode":
      return { text: its };
    case "yaml": {
      // Its parser takes long to load, and most servers never see a YAML document.
      const { yamlToJson } = await import("./yaml.ts");
      return yamlToJson(its, options.limits.nesting);
    }
    case "params":
      return findParams(its, options.limits.nesting);
    case "submitted":
      return readSubmitted(its, options.limits.nesting);
    case "compile":
      return packPlan(compileStored(its));
    case "quote":
      return { text: `${order.before}${JSON.stringify(its)}${order.after}` };
    case "json":
      return shortened(its);
    case "given":
      return readTriggerParams(unpackPlan(order.plan), its === "" ? null : its, { characters: Number.POSITIVE_INFINITY, steps: STEPS_MAX });
  }
}

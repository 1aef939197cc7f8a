/**
 * Reads what clients send: definitions and params, small ones at once, each definition once; large ones, and all YAML, in threads.
 * So is what instances tell each other with large texts in it.
 */
import type { Clock } from "../../env/clock.ts";
import type { Catalog } from "../../workflow/definition/catalog.ts";
import { compileStored, type DefinitionOptions, levelOfStored } from "../../workflow/definition/definition.ts";
import type { TriggerParams, TooMuch } from "../../workflow/template/trigger-params.ts";
import type { Plan } from "../../workflow/plan/plan.ts";
import { findParams, type ParamsResult, paramsIn } from "../../workflow/definition/params.ts";
import { unpackPlan } from "../../workflow/plan/pack.ts";
import { readSubmitted, type SubmittedResult } from "../../workflow/definition/submitted.ts";
import type { ThreadSettings } from "./checker-thread.ts";
import { betweenPlaces, type LongJson, shortJson, wholeValue } from "../../workflow/json/long-json.ts";
import { createChecks } from "./checks.ts";
import { createOrderThread, type OrderThread } from "./order-thread.ts";
import { createParamsReader } from "./params-reader.ts";
import type { YamlResult } from "./yaml.ts";
import { createYamlLine } from "./yaml-line.ts";
import type { CheckResult } from "../answers.ts";

/** None of it throws for bad input; each rejects only where the thread dies twice over one text. */
export type DefinitionChecker = LongJson & {
  check(text: string, form: DefinitionOptions["form"]): Promise<CheckResult>;
  /** The text of large bytes in UTF-8, which are given away; null where they are none. */
  decode(bytes: Uint8Array<ArrayBuffer>): Promise<string | null>;
  /** What a trigger's body says, as JSON text. */
  readParams(text: string): Promise<ParamsResult>;
  /** The definition, and perhaps the params, in the body of a create that also triggers. */
  readSubmitted(text: string): Promise<SubmittedResult>;
  /** The plan of a definition as it is stored; at once where its text is small. Throws UnknownForm where a newer build wrote it. */
  compile(text: string): Plan | Promise<Plan>;
  /** A document's YAML as JSON text, which is not checked yet. */
  yamlToJson(yaml: string): Promise<YamlResult>;
  /** What params mean for an execution of the plan; at once where that is little work. */
  readTriggerParams(plan: Plan, params: string | null): TriggerParams | Promise<TriggerParams | TooMuch>;
  /** The catalog has changed: what was checked before is checked again. */
  renewed(): void;
  close(): void;
};

export type CheckerOptions = {
  readonly definitions: Omit<DefinitionOptions, "form" | "catalog">;
  /** What a definition may name now. */
  readonly catalog: () => Catalog;
  readonly clock: Clock;
  /** Texts from this many characters on are read in the thread. */
  readonly largeFrom?: number;
  /** What takes more steps through the graph than these is done in the thread. */
  readonly stepsHere?: number;
  /** For how long a YAML document is read at most. */
  readonly yamlMs?: number;
};

/** Some milliseconds of work. */
const LARGE_FROM = 256 * 1024;
const STEPS_HERE = 1_000_000;
/** Its parser takes 0.5 to 2 MB a second, so less is taken than of JSON. */
const YAML_CHARACTERS_MAX = 256 * 1024;
/** Ten times what the worst takes on a quiet machine. */
const YAML_MS = 10_000;
export function createDefinitionChecker(options: CheckerOptions): DefinitionChecker {
  const { definitions, catalog, clock, largeFrom = LARGE_FROM, stepsHere = STEPS_HERE, yamlMs = YAML_MS } = options;
  const settings = (): ThreadSettings => ({ ...definitions, catalog: [...catalog()] });
  const thread = createOrderThread(settings, clock);
  const yamlLine = createYamlLine(createOrderThread(settings, clock), clock, yamlMs);
  const checks = createChecks({ definitions, catalog, thread, largeFrom, stepsHere });
  return {
    check: checks.check,
    decode: thread.decode,
    async readParams(text) {
      const isSmall = text.length < largeFrom;
      return paramsIn(text, isSmall ? findParams(text, definitions.limits.nesting) : await thread.ask({ kind: "params" }, text));
    },
    async readSubmitted(text) {
      if (text.length < largeFrom) return readSubmitted(text, definitions.limits.nesting);
      return thread.ask({ kind: "submitted" }, text);
    },
    compile(text) {
      if (text.length < largeFrom) return compileStored(text);
      // Here, since what is thrown in the thread is told as the thread's death.
      levelOfStored(text);
      return thread.ask({ kind: "compile" }, text).then(unpackPlan);
    },
    writeJson: (value) => jsonOf(value, thread),
    async readJson(text) {
      return wholeValue(await thread.ask({ kind: "json" }, text));
    },
    async yamlToJson(yaml) {
      if (yaml.length <= YAML_CHARACTERS_MAX) return yamlLine.read(yaml);
      return { ok: false, kind: "long", reason: `YAML may have at most ${YAML_CHARACTERS_MAX} characters; send a larger document as JSON` };
    },
    readTriggerParams: createParamsReader({ thread, largeFrom, stepsHere }),
    renewed() {
      checks.renewed();
      thread.renewed();
    },
    close() {
      thread.close();
      yamlLine.close();
    },
  };
}

/** Its long texts are quoted in the thread. */
async function jsonOf(value: unknown, thread: OrderThread): Promise<string> {
  const long: string[] = [];
  const between = betweenPlaces(shortJson(value, long));
  if (long.length === 0) return between.join("");
  const parts = long.map((text, at) => {
    const after = at === long.length - 1 ? between[at + 1] : "";
    return thread.ask({ kind: "quote", before: between[at] ?? "", after: after ?? "" }, text);
  });
  return (await Promise.all(parts)).map(({ text }) => text).join("");
}

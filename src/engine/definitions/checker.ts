/**
 * The reading of what clients send: definitions and params, small ones at once, each definition once; large ones, and all YAML, in threads.
 * Messages of instances with large texts are read here too.
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

/** The checker. No method throws for bad input; each rejects only if the thread dies twice over one text. */
export type DefinitionChecker = LongJson & {
  check(text: string, form: DefinitionOptions["form"]): Promise<CheckResult>;
  /** The text of large bytes in UTF-8, which are given away; null if they are not UTF-8. */
  decode(bytes: Uint8Array<ArrayBuffer>): Promise<string | null>;
  /** The params in a trigger's body, as JSON text. */
  readParams(text: string): Promise<ParamsResult>;
  /** The definition, and perhaps the params, in the body of a create that also triggers. */
  readSubmitted(text: string): Promise<SubmittedResult>;
  /** The plan of a stored definition; at once if its text is small. Throws UnknownForm if a newer build wrote it. */
  compile(text: string): Plan | Promise<Plan>;
  /** A YAML document as JSON text, which is not checked yet. */
  yamlToJson(yaml: string): Promise<YamlResult>;
  /** The meaning of params for an execution of the plan; at once if that is little work. */
  readTriggerParams(plan: Plan, params: string | null): TriggerParams | Promise<TriggerParams | TooMuch>;
  /** The catalog has changed: what was checked before is checked again. */
  renewed(): void;
  close(): void;
};

export type CheckerOptions = {
  readonly definitions: Omit<DefinitionOptions, "form" | "catalog">;
  /** The handlers that a definition may name now. */
  readonly catalog: () => Catalog;
  readonly clock: Clock;
  /** The number of characters from which a text is read in the thread. */
  readonly largeFrom?: number;
  /** The steps through the graph above which work is done in the thread. */
  readonly stepsHere?: number;
  /** The longest time for reading a YAML document. */
  readonly yamlMs?: number;
};

/** Some milliseconds of work. */
const LARGE_FROM = 256 * 1024;
const STEPS_HERE = 1_000_000;
/** The longest YAML: its parser reads 0.5 to 2 MB a second, so the limit is below that of JSON. */
const YAML_CHARACTERS_MAX = 256 * 1024;
/** Ten times what the worst document takes on a quiet machine. */
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
      // Checked here, because what is thrown in the thread is reported as the thread's death.
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

/** The JSON of a value. Its long texts are quoted in the thread. */
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

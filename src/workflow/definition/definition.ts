/** The check of a definition as a whole, which makes it into a Plan. Everything that users may write comes in here. */
import * as v from "valibot";
import type { Catalog } from "./catalog.ts";
import { type Draft, planOf } from "./draft.ts";
import { Findings, type Problem, type Warning } from "./findings.ts";
import { checkFields } from "./fields.ts";
import { stepsSchema, workflowSchema } from "./schema.ts";
import { checkStepFields, draftSteps } from "./steps-form.ts";
import { storedText } from "./stored.ts";
import { type DefinitionDefaults, type DefinitionLimits, type DraftCheck, draftWorkflow } from "./workflow-form.ts";
import type { NodeIndex, Plan } from "../plan/plan.ts";
import { isObject, type JsonObject, parseJson } from "../json/json.ts";
import { costOfValues } from "../json/cost.ts";
import type { JsonFault } from "../json/scan.ts";
import { receivedKind } from "../json/received.ts";
import { findReferences, STEPS_MAX, TOO_MANY_NAMES } from "../template/references.ts";
import { checkTemplates } from "./template-check.ts";

export type { Problem, Warning } from "./findings.ts";
export { issueText } from "../json/received.ts";
export { compileStored, levelOfStored } from "./stored.ts";
export { stepsSchema, workflowSchema } from "./schema.ts";

export type DefinitionOptions = {
  /**
   * `workflow`: `{ name, dag: { nodes } }`; `overridable`: the same from an older system, whose triggers may change the config of
   * every node unless the definition says which; `steps`: `{ name, steps: [{ execution_type, tasks }] }`.
   */
  readonly form: "workflow" | "overridable" | "steps";
  readonly limits: DefinitionLimits;
  readonly catalog: Catalog;
  readonly defaults: DefinitionDefaults;
};

export type DefinitionResult =
  /** `text`: what is stored, for `compileStored`. */
  | { readonly ok: true; readonly plan: Plan; readonly text: string; readonly warnings: readonly Warning[] }
  /** `syntax`: not JSON, or too deep; `large`: too much of it; `shape`: values of the wrong kind; `structure`: a graph that cannot run. */
  | {
      readonly ok: false;
      readonly kind: "syntax" | "large" | "shape" | "structure";
      readonly problems: readonly Problem[];
      /** The place where the text stops being JSON. */
      readonly fault?: JsonFault;
      /** The check needed more than `stepsMax` steps. With more of them the definition may be right. */
      readonly exhausted?: true;
    };

type Refused = Extract<DefinitionResult, { ok: false }>;

/** The limits of a check. `stepsMax`: the steps through the graph that may be made to find out which names are ancestors. */
export type ParseLimits = {
  readonly stepsMax?: number;
  /** Called when the parsed text is no longer referenced: for a large definition that is much more than what stays. */
  readonly isDrafted?: () => void;
};

/** Checks a definition's JSON text and makes its Plan. All problems of a kind are reported at once. Never throws. */
export function parseDefinition(
  text: string,
  options: DefinitionOptions,
  { stepsMax = STEPS_MAX, isDrafted }: ParseLimits = {},
): DefinitionResult {
  const drafted = draftIn(text, options);
  if ("ok" in drafted) return drafted;
  isDrafted?.();
  const { draft, check } = drafted;
  const planned = planOf(draft, null);
  if (planned.type === "cyclic") return refused("structure", [{ path: "dag.nodes", message: cycleMessage(draft, planned.cycle) }]);
  const references = findReferences(planned.plan, stepsMax);
  if (references === "too many") {
    return { ok: false, kind: "structure", problems: [{ path: "dag.nodes", message: `${TOO_MANY_NAMES}.` }], exhausted: true };
  }
  const plan: Plan = { ...planned.plan, references };
  checkTemplates(plan, references, check.structure, check.doubts);
  if (check.structure.any) return refused("structure", check.structure.list());
  return { ok: true, plan, text: storedText(draft, references), warnings: check.warnings.list() };
}

type Drafted = { readonly draft: Draft; readonly check: DraftCheck };

/** The memory that parsed values may take. With everything else that a large definition takes it is 512 MiB. */
const VALUES_BYTES_MAX = 256 * 1024 * 1024;
/** The length from which values are counted: a shorter text cannot hold so many. */
const COUNTED_FROM = VALUES_BYTES_MAX / 64;

function draftIn(text: string, options: DefinitionOptions): Drafted | Refused {
  if (text.length >= COUNTED_FROM && costOfValues(text) > VALUES_BYTES_MAX)
    return refused("large", [{ path: "", message: TOO_MANY_VALUES }]);
  const parsed = parseJson(text, options.limits.nesting);
  if (!parsed.ok) {
    const problems = [{ path: "", message: `The definition is ${parsed.reason}.` }];
    return { ok: false, kind: "syntax", problems, ...(parsed.fault === null ? {} : { fault: parsed.fault }) };
  }
  const document = parsed.value;
  if (!isObject(document)) return refused("shape", [{ path: "", message: "Expected an object." }]);
  const { limits, catalog, defaults, form } = options;
  const [structure, warnings] = [new Findings(), new Findings()];
  const doubts = document.strict === true ? structure : warnings;
  const overrides: Plan["overrides"] = form === "overridable" ? "all" : [];
  const check: DraftCheck = { limits, catalog, defaults, shape: new Findings(), structure, warnings, doubts, overrides };
  const draft = options.form === "steps" ? readSteps(document, check) : readWorkflow(document, check);
  if (check.shape.any) return refused("shape", check.shape.list());
  if (draft === null || check.structure.any) return refused("structure", check.structure.list());
  return { draft, check };
}

function readWorkflow(document: JsonObject, check: DraftCheck): Draft | null {
  const nodes = isObject(document.dag) ? document.dag.nodes : null;
  if (Array.isArray(nodes) && tooMany(nodes.length, "dag.nodes", check)) return null;
  const input = v.safeParse(workflowSchema, document);
  if (!input.success) return addIssues(input.issues, check);
  checkFields(document, check);
  return draftWorkflow(input.output, check);
}

function readSteps(document: JsonObject, check: DraftCheck): Draft | null {
  const input = v.safeParse(stepsSchema, document);
  if (!input.success) return addIssues(input.issues, check);
  const tasks = input.output.steps.reduce((sum, step) => sum + step.tasks.length, 0);
  // A join may stand before each step.
  if (tooMany(tasks + input.output.steps.length, "steps", check)) return null;
  checkStepFields(document, check);
  return draftSteps(input.output, check);
}

function tooMany(nodes: number, path: string, { limits, structure }: DraftCheck): boolean {
  if (nodes <= limits.nodes) return false;
  structure.add(path, `There are ${nodes} nodes; the limit is ${limits.nodes}.`);
  return true;
}

function addIssues(issues: readonly v.BaseIssue<unknown>[], { shape }: DraftCheck): null {
  for (const issue of issues) shape.add(v.getDotPath(issue) ?? "", sentence(issue));
  return null;
}

/** The sentence for an issue, such as "Expected string, got a number." */
function sentence(issue: v.BaseIssue<unknown>): string {
  const { message, input } = issue;
  if (message.startsWith("Invalid key")) return "Required, but missing.";
  // Long integers are BigInts. To the schema they are no numbers.
  if (typeof input === "bigint") return "The number is too large here.";
  return `${message.startsWith("Invalid") ? expectation(issue) : `${message}, got ${receivedKind(input)}`}.`;
}

/** The expectation in an issue. The library itself says `null` for these types, and a bare ">=1" for a length. */
function expectation({ type, expected, requirement, input }: v.BaseIssue<unknown>): string {
  switch (type) {
    case "integer":
      return "Expected a whole number";
    case "min_length":
      return `Expected a length of at least ${requirement}`;
    case "max_length":
      return `Expected a length of at most ${requirement}`;
    case "min_value":
      return `Expected at least ${requirement}`;
    case "max_value":
      return `Expected at most ${requirement}`;
    default:
      return `Expected ${expected}, got ${receivedKind(input)}`;
  }
}

function cycleMessage({ ids }: Draft, cycle: readonly NodeIndex[]): string {
  const shown = cycle.slice(0, CYCLE_SHOWN).map((node) => ids[node]);
  const rest = cycle.length > CYCLE_SHOWN ? ["…"] : [];
  return `The graph has a cycle: ${[...shown, ...rest, ids[cycle[0]!]].join(" -> ")}.`;
}

const CYCLE_SHOWN = 30;

const TOO_MANY_VALUES = "The definition holds too many small values: parsed, they would take more than 256 MiB.";

function refused(kind: Refused["kind"], problems: readonly Problem[]): Refused {
  return { ok: false, kind, problems };
}

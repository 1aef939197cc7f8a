/**
 * Fields beyond the supported ones. A field that would change what runs is refused. A field that is only kept, or that is
 * unknown, causes a warning; in a strict definition an unknown field is refused too.
 */
import type { Findings } from "./findings.ts";
import { excerpt } from "./findings.ts";
import { isObject, type JsonObject } from "../json/json.ts";
import { nodeSchema, retrySchema, workflowSchema } from "./schema.ts";

/** Fields of the language that are not built yet, with the values that mean the same as leaving the field out (null always does). */
type Unbuilt = ReadonlyMap<string, readonly unknown[]>;

const UNBUILT_OF_WORKFLOW: Unbuilt = new Map<string, readonly unknown[]>([
  ["defaults", [{}]],
  ["timeout", []],
  ["concurrency", []],
  ["failure_policy", ["halt"]],
  ["triggers", [[]]],
  ["on_failure", []],
  ["on_exit", []],
  ["output", []],
  ["retention", []],
]);

const UNBUILT_OF_NODE: Unbuilt = new Map<string, readonly unknown[]>([
  ["trigger_rule", ["all_success"]],
  ["if", []],
  ["for_each", []],
  ["concurrency", []],
  ["tolerated_failure_percentage", [0]],
  ["repeat", []],
  ["total_timeout", []],
  ["heartbeat_timeout", []],
  ["on_error", ["fail"]],
  ["compensate", []],
  ["cache", []],
  ["rate_limit", []],
  ["delivery", ["at_least_once"]],
  ["hedge", []],
  ["output_schema", []],
]);

/** Fields that are kept for the user and that nothing follows yet. */
const ONLY_KEPT: Unbuilt = new Map<string, readonly unknown[]>([
  ["version", []],
  ["params", [{}]],
]);

const NOTHING_UNBUILT: Unbuilt = new Map();

/** A part of a document. */
type Part = { readonly built: ReadonlySet<string>; readonly unbuilt: Unbuilt };

const WORKFLOW: Part = { built: new Set(Object.keys(workflowSchema.entries)), unbuilt: UNBUILT_OF_WORKFLOW };
const NODE: Part = { built: new Set(Object.keys(nodeSchema.entries)), unbuilt: UNBUILT_OF_NODE };
const RETRY: Part = { built: new Set(Object.keys(retrySchema.entries)), unbuilt: NOTHING_UNBUILT };
const DAG: Part = { built: new Set(["nodes"]), unbuilt: NOTHING_UNBUILT };

/** Checks the fields of a document as it came. Its shape was checked before. */
export function checkFields(document: JsonObject, found: Found): void {
  checkObject(document, "", WORKFLOW, found);
  for (const [key, harmless] of ONLY_KEPT) {
    if (Object.hasOwn(document, key) && changes(document[key], harmless))
      found.warnings.add(key, `\`${key}\` is kept, but nothing follows it yet.`);
  }
  const dag = document.dag as { readonly nodes: readonly JsonObject[] };
  checkObject(dag, "dag", DAG, found);
  for (let position = 0; position < dag.nodes.length; position++) {
    const node = dag.nodes[position]!;
    for (const key in node) {
      if (!NODE.built.has(key)) checkField(join(`dag.nodes.${position}`, key), { key, value: node[key] }, NODE, found);
    }
    if (isObject(node.retry)) checkObject(node.retry, `dag.nodes.${position}.retry`, RETRY, found);
    // An array is an object to the schema, and none of its fields is required.
    else if (Array.isArray(node.retry)) found.shape.add(`dag.nodes.${position}.retry`, "Expected an object, got Array.");
  }
}

type Found = { readonly shape: Findings; readonly structure: Findings; readonly warnings: Findings; readonly doubts: Findings };

/** Warns about every unknown field of a document or of one of its parts. */
export function warnOfUnknown(object: JsonObject, path: string, known: ReadonlySet<string>, warnings: Findings): void {
  for (const key in object) if (!known.has(key)) warnings.add(join(path, key), ignoredField(key));
}

function checkObject(object: JsonObject, path: string, part: Part, found: Found): void {
  for (const key in object) if (!part.built.has(key)) checkField(join(path, key), { key, value: object[key] }, part, found);
}

type Field = { readonly key: string; readonly value: unknown };

/** A field that is not built. */
function checkField(path: string, { key, value }: Field, { unbuilt }: Part, { structure, warnings, doubts }: Found): void {
  const harmless = unbuilt.get(key);
  if (harmless === undefined) doubts.add(path, doubts === warnings ? ignoredField(key) : `The field "${excerpt(key)}" is not known.`);
  else if (changes(value, harmless)) structure.add(path, `\`${key}\` is not supported yet.`);
}

function changes(value: unknown, harmless: readonly unknown[]): boolean {
  return value !== null && !harmless.some((candidate) => sameAs(candidate, value));
}

/** Whether two values are the same. Harmless values are words, numbers, and the empty list and object. */
function sameAs(candidate: unknown, value: unknown): boolean {
  if (Array.isArray(candidate)) return Array.isArray(value) && value.length === 0;
  if (isObject(candidate)) return isObject(value) && Object.keys(value).length === 0;
  return candidate === value;
}

function ignoredField(key: string): string {
  return `The field "${excerpt(key)}" is not known and was ignored.`;
}

function join(path: string, key: string): string {
  return path === "" ? excerpt(key) : `${path}.${excerpt(key)}`;
}

/**
 * The allowed form of a handler's config, as plain data. A thread that has loaded the handler sends it to the main thread,
 * which checks definitions against it. It says less than the handler's own schema, never more: what it refuses, the schema
 * refuses too.
 */
import { excerpt } from "./findings.ts";
import { isObject, type JsonObject } from "../json/json.ts";
import { receivedKind } from "../json/received.ts";

export type ConfigShape =
  | { readonly type: "any" }
  | { readonly type: "string"; readonly min?: number; readonly max?: number; readonly pattern?: NamePattern }
  | { readonly type: "number"; readonly min?: number; readonly max?: number; readonly integer?: boolean }
  | { readonly type: "boolean" }
  | { readonly type: "one_of"; readonly values: readonly unknown[] }
  | { readonly type: "list"; readonly items: ConfigShape; readonly min?: number; readonly max?: number }
  | { readonly type: "object"; readonly fields: readonly ConfigField[]; readonly others: OtherFields }
  | { readonly type: "map"; readonly keys: ConfigShape; readonly values: ConfigShape }
  | { readonly type: "nullable"; readonly shape: ConfigShape }
  | { readonly type: "either"; readonly shapes: readonly ConfigShape[] }
  | { readonly type: "all"; readonly shapes: readonly ConfigShape[] };

export type ConfigField = { readonly name: string; readonly required: boolean; readonly shape: ConfigShape };
/** The treatment of fields that have no shape. `ignored`: the handler never sees them, so they cause a warning. */
export type OtherFields = "any" | "ignored" | "refused";
/** A pattern for names. `expected`: the sentence for a name that does not match. */
type NamePattern = { readonly source: string; readonly expected: string };

/** Checks a value and calls `add` for each place that can only be refused. A text with a template in it may become anything. */
export function checkConfig(value: unknown, shape: ConfigShape, path: string, add: (path: string, message: string) => void): void {
  if (typeof value === "string" && value.includes("{{")) return;
  switch (shape.type) {
    case "any":
      return;
    case "string":
      if (typeof value !== "string") return add(path, expected("a string", value));
      checkRange(value.length, shape, (bound) => add(path, `Expected a length of ${bound}.`));
      if (shape.pattern !== undefined && !new RegExp(shape.pattern.source).test(value)) add(path, `${shape.pattern.expected}.`);
      return;
    case "number":
      // Long integers are BigInts, to keep their digits. No schema for numbers accepts one.
      if (typeof value !== "number") return add(path, expected("a number", value));
      if (shape.integer === true && !Number.isInteger(value)) add(path, "Expected a whole number.");
      return checkRange(value, shape, (bound) => add(path, `Expected ${bound}.`));
    case "boolean":
      if (typeof value !== "boolean") add(path, expected("true or false", value));
      return;
    case "one_of":
      if (!shape.values.includes(value))
        add(path, expected(shape.values.map((each) => excerpt(JSON.stringify(each) ?? "nothing")).join(" or "), value));
      return;
    case "list":
      if (!Array.isArray(value)) return add(path, expected("a list", value));
      checkRange(value.length, shape, (bound) => add(path, `Expected a length of ${bound}.`));
      for (const [position, item] of value.entries()) checkConfig(item, shape.items, `${path}.${position}`, add);
      return;
    case "object":
      return isObject(value) ? checkFields(value, shape, path, add) : add(path, expected("an object", value));
    case "map":
      if (!isObject(value)) return add(path, expected("an object", value));
      for (const key of Object.keys(value)) {
        checkConfig(key, shape.keys, `${path}.${excerpt(key)}`, add);
        checkConfig(value[key], shape.values, `${path}.${excerpt(key)}`, add);
      }
      return;
    case "nullable":
      if (value !== null) checkConfig(value, shape.shape, path, add);
      return;
    case "either":
      if (!shape.shapes.some((each) => fits(value, each)))
        add(path, `Expected one of the forms that are allowed here, got ${receivedKind(value)}.`);
      return;
    case "all":
      for (const each of shape.shapes) checkConfig(value, each, path, add);
  }
}

/** The shape of a part of a config to which something may be added. */
export function partOf(shape: ConfigShape): ConfigShape {
  return shape.type === "object" ? { ...shape, fields: shape.fields.map((field) => ({ ...field, required: false })) } : shape;
}

function checkFields(
  value: JsonObject,
  { fields, others }: Extract<ConfigShape, { type: "object" }>,
  path: string,
  add: (path: string, message: string) => void,
): void {
  for (const { name, required, shape } of fields) {
    if (Object.hasOwn(value, name)) checkConfig(value[name], shape, `${path}.${name}`, add);
    else if (required) add(`${path}.${name}`, "Required, but missing.");
  }
  if (others === "any") return;
  const known = new Set(fields.map(({ name }) => name));
  for (const key of Object.keys(value)) {
    if (known.has(key)) continue;
    const fate = others === "ignored" ? "is not known to this handler, which ignores it" : "is not taken by this handler";
    add(`${path}.${excerpt(key)}`, `The field "${excerpt(key)}" ${fate}.`);
  }
}

function fits(value: unknown, shape: ConfigShape): boolean {
  let isFit = true;
  checkConfig(value, shape, "", () => {
    isFit = false;
  });
  return isFit;
}

function checkRange(size: number, { min, max }: { readonly min?: number; readonly max?: number }, outside: (bound: string) => void): void {
  if (min !== undefined && size < min) outside(`at least ${min}`);
  if (max !== undefined && size > max) outside(`at most ${max}`);
}

function expected(what: string, value: unknown): string {
  return `Expected ${what}, got ${receivedKind(value)}.`;
}

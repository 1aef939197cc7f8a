/** The shape of a handler's schema, for the main thread. Parts of the schema that are not understood count as "anything". */
import type * as v from "valibot";
import type { ConfigField, ConfigShape, OtherFields } from "../workflow/definition/config-shape.ts";

const ANY: ConfigShape = { type: "any" };
/** Kinds of values whose keys may be left out. */
const OPTIONAL = new Set(["optional", "exact_optional", "nullish"]);

/**
 * The shape of a schema. `isOurs`: fields that the handler would ignore cause warnings. For a user's schema they do not, and
 * its patterns are left out: a pattern may take for ever on somebody's text, and this check runs on the main thread.
 */
export function configShapeOf(schema: v.GenericSchema, isOurs: boolean): ConfigShape {
  return shapeOf(schema as unknown as AnySchema, isOurs);
}

/** The parts of the library's schemas, each with some of them. A user's schema may come from another version of the library. */
type AnySchema = {
  readonly type: string;
  readonly async?: boolean;
  readonly fallback?: unknown;
  readonly pipe?: readonly PipeItem[];
  readonly wrapped?: AnySchema;
  readonly literal?: unknown;
  readonly options?: readonly unknown[];
  readonly entries?: Readonly<Record<string, AnySchema>>;
  readonly item?: AnySchema;
  readonly key?: AnySchema;
  readonly value?: AnySchema;
};
type PipeItem = { readonly kind: string; readonly type: string; readonly requirement?: unknown; readonly message?: unknown };

function shapeOf(schema: AnySchema, isOurs: boolean): ConfigShape {
  // A schema with a fallback refuses nothing.
  if (schema.async === true || schema.fallback !== undefined) return ANY;
  const [root, ...actions] = schema.pipe ?? [];
  if (root === undefined) return plainShapeOf(schema, isOurs);
  let shape = shapeOf(root as unknown as AnySchema, isOurs);
  for (const action of actions) {
    // Actions behind a transform are about another value.
    if (action.kind !== "validation" && action.kind !== "metadata") break;
    shape = narrowed(shape, action, isOurs);
  }
  return shape;
}

function plainShapeOf(schema: AnySchema, isOurs: boolean): ConfigShape {
  const { type, wrapped, options = [], entries = {}, item, key, value } = schema;
  const inside = (part: AnySchema | undefined): ConfigShape => (part === undefined ? ANY : shapeOf(part, isOurs));
  switch (type) {
    case "string":
    case "number":
    case "boolean":
      return { type };
    case "null":
      return { type: "one_of", values: [null] };
    case "literal":
      return typeof schema.literal === "bigint" || typeof schema.literal === "symbol" ? ANY : { type: "one_of", values: [schema.literal] };
    case "picklist":
    case "enum":
      return options.every((each) => typeof each === "string" || typeof each === "number") ? { type: "one_of", values: options } : ANY;
    case "array":
      return { type: "list", items: inside(item) };
    case "object":
      return { type: "object", fields: fieldsOf(entries, isOurs), others: isOurs ? "ignored" : "any" };
    case "loose_object":
      return { type: "object", fields: fieldsOf(entries, isOurs), others: "any" };
    case "strict_object":
      return { type: "object", fields: fieldsOf(entries, isOurs), others: "refused" };
    case "record":
      return { type: "map", keys: inside(key), values: inside(value) };
    case "union":
    case "variant":
      return { type: "either", shapes: options.map((each) => shapeOf(each as AnySchema, isOurs)) };
    case "intersect":
      // Each part sees the others' fields.
      return { type: "all", shapes: options.map((each) => withOthers(shapeOf(each as AnySchema, isOurs), "any")) };
    case "optional":
    case "exact_optional":
    case "undefinedable":
      return inside(wrapped);
    case "nullable":
    case "nullish":
      return { type: "nullable", shape: inside(wrapped) };
    default:
      return ANY;
  }
}

function fieldsOf(entries: Readonly<Record<string, AnySchema>>, isOurs: boolean): readonly ConfigField[] {
  return Object.entries(entries).map(([name, entry]) => ({
    name,
    required: !OPTIONAL.has(entry.type) && entry.fallback === undefined,
    shape: shapeOf(entry, isOurs),
  }));
}

function withOthers(shape: ConfigShape, others: OtherFields): ConfigShape {
  return shape.type === "object" && shape.others === "ignored" ? { ...shape, others } : shape;
}

/** The shape, narrowed by an action of its pipe. */
function narrowed(shape: ConfigShape, { type, requirement, message }: PipeItem, isOurs: boolean): ConfigShape {
  if (shape.type === "string" && type === "regex" && isOurs && requirement instanceof RegExp && requirement.flags === "")
    return { ...shape, pattern: { source: requirement.source, expected: typeof message === "string" ? message : "Expected another form" } };
  if (shape.type === "number") {
    if (type === "integer") return { ...shape, integer: true };
    return { ...shape, ...bounds(type, "value", requirement) };
  }
  if (shape.type !== "string" && shape.type !== "list") return shape;
  return { ...shape, ...(type === "non_empty" ? { min: 1 } : bounds(type, "length", requirement)) };
}

function bounds(type: string, of: "value" | "length", requirement: unknown): { readonly min?: number; readonly max?: number } {
  if (typeof requirement !== "number") return {};
  if (type === `min_${of}`) return { min: requirement };
  return type === `max_${of}` ? { max: requirement } : {};
}

/** As much of JSON Schema as the OpenAPI document uses: where a value does not fit, as paths. Throws at a keyword that it does not know. */
import { isDeepStrictEqual } from "node:util";

export type JsonSchema = { readonly [keyword: string]: unknown };
type Components = Readonly<Record<string, JsonSchema>>;

/** `components`: where `$ref` leads. */
export function misfits(value: unknown, schema: JsonSchema, components: Components): readonly string[] {
  return misfitsAt("$", value, schema, { components, closed: false });
}

/** The same where an object may have no member that its schema does not name, unless the schema says of which kind they are. */
export function misfitsAndExtras(value: unknown, schema: JsonSchema, components: Components): readonly string[] {
  return misfitsAt("$", value, schema, { components, closed: true });
}

type Reading = { readonly components: Components; readonly closed: boolean };

function misfitsAt(path: string, value: unknown, schema: JsonSchema, reading: Reading): readonly string[] {
  const { components, closed } = reading;
  const inside: Place["inside"] = (part, of, at) => misfitsAt(at, part, of as JsonSchema, reading);
  const isClosed = closed && "properties" in schema && !("additionalProperties" in schema);
  return Object.entries(isClosed ? { ...schema, additionalProperties: false } : schema).flatMap(([keyword, wanted]) => {
    if (SAYS_NOTHING.has(keyword)) return [];
    const check = CHECKS[keyword];
    if (check === undefined) throw new Error(`The document uses ${keyword}, which this test does not know.`);
    return check(value, wanted, { schema, path, components, inside });
  });
}

type Place = {
  readonly schema: JsonSchema;
  readonly path: string;
  readonly components: Components;
  inside(part: unknown, schema: unknown, path: string): readonly string[];
};
type Check = (value: unknown, wanted: unknown, place: Place) => readonly string[];

const SAYS_NOTHING = new Set(["propertyNames", "description", "example", "default", "title"]);

const CHECKS: Readonly<Record<string, Check>> = {
  $ref: (value, wanted, { components, inside, path }) => inside(value, referred(String(wanted), components), path),
  type: (value, wanted, { path }) =>
    unless(
      [wanted].flat().some((type) => isOfType(value, String(type))),
      `${path} is no ${String(wanted)}`,
    ),
  const: (value, wanted, { path }) => unless(isDeepStrictEqual(value, wanted), `${path} is not ${JSON.stringify(wanted)}`),
  enum: (value, wanted, { path }) => unless((wanted as unknown[]).includes(value), `${path} is none of ${JSON.stringify(wanted)}`),
  anyOf: (value, wanted, { path, inside }) =>
    unless(
      (wanted as JsonSchema[]).some((one) => inside(value, one, path).length === 0),
      `${path} fits none`,
    ),
  required: (value, wanted, { path }) =>
    isRecord(value) ? (wanted as string[]).filter((name) => !(name in value)).map((name) => `${path}.${name} is missing`) : [],
  properties: (value, wanted, { path, inside }) =>
    Object.entries(wanted as object).flatMap(([name, of]) =>
      isRecord(value) && name in value ? inside(value[name], of, `${path}.${name}`) : [],
    ),
  additionalProperties(value, wanted, { schema, path, inside }) {
    const known = Object.keys((schema.properties as object | undefined) ?? {});
    const others = isRecord(value) ? Object.entries(value).filter(([name]) => !known.includes(name)) : [];
    if (wanted === false) return others.map(([name]) => `${path}.${name} is not known`);
    return wanted === true ? [] : others.flatMap(([name, part]) => inside(part, wanted, `${path}.${name}`));
  },
  items: (value, wanted, { path, inside }) =>
    Array.isArray(value) ? value.flatMap((part, at) => inside(part, wanted, `${path}[${at}]`)) : [],
  minimum: (value, wanted, { path }) => unless(typeof value !== "number" || value >= Number(wanted), `${path} is below ${wanted}`),
  maximum: (value, wanted, { path }) => unless(typeof value !== "number" || value <= Number(wanted), `${path} is above ${wanted}`),
  minLength: (value, wanted, { path }) => unless(typeof value !== "string" || value.length >= Number(wanted), `${path} is too short`),
  maxLength: (value, wanted, { path }) => unless(typeof value !== "string" || value.length <= Number(wanted), `${path} is too long`),
  maxItems: (value, wanted, { path }) => unless(!Array.isArray(value) || value.length <= Number(wanted), `${path} has too many`),
  pattern: (value, wanted, { path }) =>
    unless(typeof value !== "string" || new RegExp(String(wanted)).test(value), `${path} is not like ${wanted}`),
  format: (value, wanted, { path }) => unless(wanted !== "date-time" || !Number.isNaN(Date.parse(String(value))), `${path} is no time`),
};

function unless(isRight: boolean, misfit: string): readonly string[] {
  return isRight ? [] : [misfit];
}

function referred(reference: string, components: Components): JsonSchema {
  const found = components[reference.replace("#/components/schemas/", "")];
  if (found === undefined) throw new Error(`${reference} leads nowhere.`);
  return found;
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isRecord(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An error as fields that JSON can show: type, message, stack, its own fields, its causes, and the places of what could not be built. */

type ErrorFields = Readonly<Record<string, unknown>>;

/** The fields of an error. Methods are left out: JSON would call a copied `toJSON`, and fail. `seen`: the errors that have been shown. */
export function errorFields(error: Error, seen: Set<unknown> = new Set()): ErrorFields {
  seen.add(error);
  const shown = (value: unknown): unknown => {
    if (seen.has(value)) return "(an error that is shown above)";
    return value instanceof Error ? errorFields(value, seen) : typeof value === "bigint" ? value.toString() : value;
  };
  const { errors } = error as { readonly errors?: unknown };
  const fields: Record<string, unknown> = { type: error.constructor?.name ?? error.name, message: error.message, stack: error.stack };
  if (error.cause !== undefined) fields.cause = shown(error.cause);
  if (Array.isArray(errors)) fields.aggregateErrors = errors.map(shown);
  for (const name in error) {
    const value = (error as unknown as ErrorFields)[name];
    if (!(name in fields) && name !== "errors" && typeof value !== "function") fields[name] = shown(value);
  }
  fields.stack = placesOf(fields) ?? error.stack;
  return fields;
}

/** The places of an error of the bundler, in the form of a stack; undefined if it has none. Its own stack, if any, only says who imported. */
function placesOf({ type, message, position, aggregateErrors = [] }: ErrorFields): string | undefined {
  const within = (aggregateErrors as readonly ErrorFields[]).filter((each) => isObject(each) && isObject(each.position));
  const lines = within.map((each) => `    at ${placeOf(each.position as Place)}: ${String(each.message)}`);
  if (isObject(position)) lines.unshift(`    at ${placeOf(position as Place)}`);
  return lines.length === 0 ? undefined : [`${String(type)}: ${String(message)}`, ...lines].join("\n");
}

type Place = { readonly file: string; readonly line: number; readonly column: number };

function placeOf({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

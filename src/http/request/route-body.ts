/** A route's body: it is described and read in one place. If its schema checks it, the description is enough. */
import type { GenericSchema } from "valibot";
import { parseJson } from "../../workflow/json/json.ts";
import { type Checked, checked } from "../routing/checked.ts";
import { refuse } from "../routing/problem.ts";
import type { BodyDescription } from "../routing/description.ts";
import type { HttpParts } from "../routing/parts.ts";
import type { RouteBody } from "../routing/routes.ts";
import { NO_BODY, unreadable } from "./broken-json.ts";
import { readDocument } from "./document.ts";

/** Reads the JSON text of a body, which nobody has checked yet; "" if there is none. */
type ReadText<Body> = (text: string, parts: HttpParts) => Checked<Body> | Promise<Checked<Body>>;

/** The description of a small body, which is parsed in the main thread. `null`: it was left out. */
type CheckedDescription<Body> = BodyDescription & { readonly schema: GenericSchema<unknown, Body> };

/**
 * A route's body. Without `read` its schema checks it, and it is small: larger ones are refused, because the main thread parses it. A body
 * that may be large, or whose text is kept, is read by a function of its own.
 */
export function routeBody<Body>(description: CheckedDescription<Body> & { readonly required: true }): RouteBody<Body>;
export function routeBody<Body>(description: CheckedDescription<Body>): RouteBody<Body | null>;
export function routeBody<Body>(description: BodyDescription, read: ReadText<Body>): RouteBody<Body>;
export function routeBody(given: BodyDescription, read?: ReadText<unknown>): RouteBody<unknown> {
  const description = read === undefined ? { bytesMax: CHECKED_BYTES_MAX, ...given } : given;
  const { bytesMax } = description;
  const readText = read ?? bySchema(description);
  return {
    ...description,
    async read(request, parts) {
      const document = await readDocument(request, bytesMax === undefined ? parts : { ...parts, limits: within(bytesMax, parts.limits) });
      return document.ok ? readText(document.text, parts) : document;
    },
  };
}

const CHECKED_BYTES_MAX = 64 * 1024;

function within(bytesMax: number, limits: HttpParts["limits"]): HttpParts["limits"] {
  return { ...limits, bodyBytes: Math.min(bytesMax, limits.bodyBytes) };
}

function bySchema({ required, schema }: BodyDescription): ReadText<unknown> {
  return (text, { limits }) => {
    if (text.trim() === "") return required ? NO_BODY : { ok: true, value: null };
    const parsed = parseJson(text, limits.nesting);
    if (parsed.ok && Array.isArray(parsed.value) && TAKES_LISTS.has(schema.type))
      return refuse(422, "The body is a list; it must be an object.");
    return parsed.ok ? checked(schema as GenericSchema, "body", parsed.value) : unreadable(parsed.fault, limits.nesting);
  };
}

/** The types of schemas to which a list is an object without members. */
const TAKES_LISTS: ReadonlySet<unknown> = new Set(["object", "loose_object", "strict_object", "object_with_rest", "record"]);

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
 * A route's body. Without `read` its schema checks it. A body that may be large, or whose text is kept, is read by a function of its own.
 */
export function routeBody<Body>(description: CheckedDescription<Body> & { readonly required: true }): RouteBody<Body>;
export function routeBody<Body>(description: CheckedDescription<Body>): RouteBody<Body | null>;
export function routeBody<Body>(description: BodyDescription, read: ReadText<Body>): RouteBody<Body>;
export function routeBody(description: BodyDescription, read: ReadText<unknown> = bySchema(description)): RouteBody<unknown> {
  const { bytesMax } = description;
  return {
    ...description,
    async read(request, parts) {
      const document = await readDocument(request, bytesMax === undefined ? parts : { ...parts, limits: within(bytesMax, parts.limits) });
      return document.ok ? read(document.text, parts) : document;
    },
  };
}

function within(bytesMax: number, limits: HttpParts["limits"]): HttpParts["limits"] {
  return { ...limits, bodyBytes: Math.min(bytesMax, limits.bodyBytes) };
}

function bySchema({ required, schema }: BodyDescription): ReadText<unknown> {
  return (text, { limits }) => {
    if (text.trim() === "") return required ? NO_BODY : { ok: true, value: null };
    const parsed = parseJson(text, limits.nesting);
    // To valibot a list is an object without members.
    if (parsed.ok && schema.type === "object" && Array.isArray(parsed.value))
      return refuse(422, "The body is a list; it must be an object.");
    return parsed.ok ? checked(schema as GenericSchema, "body", parsed.value) : unreadable(parsed.fault, limits.nesting);
  };
}

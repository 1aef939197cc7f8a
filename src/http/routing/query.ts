/** The values of a request beside its body, as valibot schemas: they check it, and the OpenAPI document is made from them. */
import type { HonoRequest } from "hono";
import * as v from "valibot";
import { EXECUTION_STATES } from "../../engine/engine.ts";
import { type Checked, checked } from "./checked.ts";
import { decodeCursor } from "./cursor.ts";
import { type Refusal, refuse } from "./problem.ts";

/** A schema of a query, or of headers in lower case. */
export type ObjectSchema<Value> = v.GenericSchema<unknown, Value> & { readonly entries: v.ObjectEntries };

/** The longest wait of a request, whatever it asks for. */
const WAIT_MAX_MS = 60_000;
/** The largest page of a list. */
export const PAGE_MAX = 1_000;
export const PAGE_DEFAULT = 50;

const waitAs = (metadata: { readonly description: string; readonly example?: string }) =>
  v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,6}(?:\.\d{1,3})?(?:ms|s|m)?$/, 'Expected a duration such as "5s", "500ms" or "1m"; a bare number is seconds'),
      v.metadata(metadata),
      v.transform(waitMs),
    ),
  );
const WAIT = "Answer at the end of the execution, or with what there is after this time; at most 60s";
const wait = waitAs({ description: WAIT, example: "5s" });
/** The wait of a create. It has no example: the page of the API would fill it in, and a create that does not start is refused with it. */
const waitOnceStarted = waitAs({ description: `Only with trigger=true, for example 5s. ${WAIT}` });
const cursor = v.optional(
  v.pipe(
    v.string(),
    v.check((text) => decodeCursor(text) !== null, "Expected the next_cursor of an earlier answer"),
    v.metadata({ description: "The `next_cursor` of the previous page", minLength: 1 }),
    v.transform(decodeCursor),
  ),
);
const filter = (description: string) => v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(256), v.description(description)));

/** `limit`: a whole number from 1 to PAGE_MAX. The transform hides that from the document, so the metadata says it. */
const limitUpTo = (usual: number) =>
  v.optional(
    v.pipe(
      v.string(),
      v.check(
        (text) => /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= PAGE_MAX,
        `Expected a whole number from 1 to ${PAGE_MAX}`,
      ),
      v.metadata({ type: "integer", minimum: 1, maximum: PAGE_MAX, default: usual }),
      v.transform(Number),
    ),
  );

/** The status of a list. The transform hides the words from the document, so the metadata says them. */
const state = v.pipe(
  v.string(),
  v.transform((word) => word.toUpperCase()),
  v.picklist(EXECUTION_STATES, `Expected one of ${EXECUTION_STATES.join(", ")}, in any case`),
  v.metadata({ enum: EXECUTION_STATES, description: "Only executions in this state; in any case" }),
);

export const noQuery = v.object({});
export const waitQuery = v.object({ wait });
/** Whether to trigger. The transform hides the words from the document, so the metadata says them. */
const trigger = v.optional(
  v.pipe(
    v.picklist(["true", "false"]),
    v.transform((word) => word === "true"),
    v.metadata({
      type: "boolean",
      enum: [true, false],
      default: false,
      description: "true: the execution starts at once, in the same commit",
    }),
  ),
  "false",
);
export const createQuery = v.object({ trigger, wait: waitOnceStarted });
export const viewQuery = v.object({
  view: v.optional(v.pipe(v.picklist(["full", "summary"]), v.description("summary: without the maps of nodes")), "full"),
});
export const listQuery = v.object({
  status: v.optional(state),
  name: filter("Only executions of workflows with exactly this name"),
  tag: filter("Only executions whose workflow has this tag"),
  cursor,
  limit: limitUpTo(PAGE_DEFAULT),
});
export const stepsListQuery = v.object({ cursor, limit: limitUpTo(PAGE_MAX) });
export const idempotencyHeader = v.object({
  "idempotency-key": v.optional(
    v.pipe(
      v.string(),
      v.minLength(1, "Expected a key of 1 to 255 characters"),
      v.maxLength(255, "Expected a key of 1 to 255 characters"),
      v.description(
        "The same request with the same key creates once and is answered the same; another request with it is refused with 422",
      ),
    ),
  ),
});

/**
 * Reads and checks the query. Most requests have none, and the schema's answer to that is known before. `others`: the treatment of
 * parameters that the schema does not name. They are refused, because a filter that is not applied shows what nobody asked for.
 */
export function queryReader<Value>(schema: ObjectSchema<Value>, others: "refused" | "ignored"): (request: HonoRequest) => Checked<Value> {
  const ofNone = checked(schema, "query", {});
  return (request) => {
    if (!request.url.includes("?")) return ofNone;
    const given = Object.entries(request.queries());
    const unknown = others === "refused" ? given.map(([name]) => name).filter((name) => !Object.hasOwn(schema.entries, name)) : [];
    if (unknown.length > 0) return unknownParameters(unknown, Object.keys(schema.entries));
    return checked(schema, "query", Object.fromEntries(given.map(([name, all]) => [name, all.length === 1 ? all[0] : all])));
  };
}

/** The refusal of parameters that the route does not take. */
export function unknownParameters(unknown: readonly string[], known: readonly string[]): Refusal {
  const expected = known.length === 0 ? "this route takes none" : `this route takes ${known.join(", ")}`;
  const errors = unknown.map((name) => ({ path: `query.${shown(name)}`, message: `No such parameter; ${expected}` }));
  return refuse(422, `The query has an unknown parameter, ${shown(unknown[0] ?? "")}; ${expected}.`, { errors });
}

function shown(name: string): string {
  return name.length <= NAME_SHOWN ? name : `${name.slice(0, NAME_SHOWN)}…`;
}

const NAME_SHOWN = 80;

/** Reads and checks the headers that the schema names, in the same way. */
export function headerReader<Value>(schema: ObjectSchema<Value>): (headers: Headers) => Checked<Value> {
  const ofNone = checked(schema, "header", {});
  const names = Object.keys(schema.entries);
  return (headers) => {
    const values = names.flatMap((name) => (headers.has(name) ? [[name, headers.get(name)]] : []));
    return values.length === 0 ? ofNone : checked(schema, "header", Object.fromEntries(values));
  };
}

function waitMs(text: string): number {
  const unitMs = text.endsWith("ms") ? 1 : text.endsWith("m") ? 60_000 : 1000;
  return Math.min(WAIT_MAX_MS, Number.parseFloat(text) * unitMs);
}

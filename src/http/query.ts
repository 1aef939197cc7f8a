/** What comes in beside the body, as valibot schemas: they check it, and the OpenAPI document is made from them. */
import type { Context, Env } from "hono";
import { validator } from "hono-openapi";
import * as v from "valibot";
import { EXECUTION_STATES } from "../engine.ts";
import { decodeCursor } from "./cursor.ts";
import { problemAnswer } from "./problem.ts";

/** At most this long does a request wait, whatever it asks for. */
const WAIT_MAX_MS = 60_000;
/** What a page of a list may hold. */
export const PAGE_MAX = 1_000;
export const PAGE_DEFAULT = 50;

const wait = v.optional(
  v.pipe(
    v.string(),
    v.regex(/^\d{1,6}(?:\.\d{1,3})?(?:ms|s|m)?$/, 'Expected a duration such as "5s", "500ms" or "1m"; a bare number is seconds'),
    v.metadata({ description: "Answer at the end of the execution, or with what there is after this time; at most 60s", example: "5s" }),
    v.transform(waitMs),
  ),
);
const cursor = v.optional(
  v.pipe(
    v.string(),
    v.check((text) => decodeCursor(text) !== null, "Expected the next_cursor of an earlier answer"),
    v.metadata({ description: "The next_cursor of the page before", minLength: 1 }),
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

export const waitQuery = v.object({ wait });
export const viewQuery = v.object({
  view: v.optional(v.pipe(v.picklist(["full", "summary"]), v.description("summary: without the maps of nodes")), "full"),
});
export const listQuery = v.object({
  status: v.optional(v.pipe(v.picklist(EXECUTION_STATES), v.description("Only executions in this state"))),
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
      v.description("The same key with the same body creates once and is answered the same; with another body it is refused with 422"),
    ),
  ),
});

/** The middleware that checks a part of the request; what does not fit is answered with 422. */
export function checked<S extends v.GenericSchema, T extends "query" | "header">(target: T, schema: S) {
  return validator<S, T, Env, string>(target, schema, refuseFaults);
}

type Issue = { readonly message: string; readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined };

function refuseFaults(
  result: { readonly success: boolean; readonly target: string; readonly error?: readonly Issue[] },
  _c: Context,
): Response | undefined {
  if (result.success) return undefined;
  const errors = (result.error ?? []).map(({ path, message }) => ({ path: `${result.target}.${pathText(path ?? [])}`, message }));
  const first = errors[0];
  return problemAnswer({
    status: 422,
    detail: `In the ${result.target}, ${first?.path.slice(result.target.length + 1)} is not usable. ${first?.message}.`,
    errors,
  });
}

function pathText(path: readonly (PropertyKey | { readonly key: PropertyKey })[]): string {
  return path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
}

function waitMs(text: string): number {
  const unitMs = text.endsWith("ms") ? 1 : text.endsWith("m") ? 60_000 : 1000;
  return Math.min(WAIT_MAX_MS, Number.parseFloat(text) * unitMs);
}

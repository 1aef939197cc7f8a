/** A small app of routes that Troupe does not have, with what a row of a route table may say: every method, bodies, problems, headers. */
import * as v from "valibot";
import { jsonAnswer } from "../../src/http/answer/json-text.ts";
import { openApiRoute } from "../../src/http/openapi/document.ts";
import { named } from "../../src/http/openapi/shapes.ts";
import { readBody } from "../../src/http/request/body.ts";
import { routeBody } from "../../src/http/request/route-body.ts";
import { type CommandRoute, commandRoute } from "../../src/http/routes/command-route.ts";
import type { RouteDescription } from "../../src/http/routing/description.ts";
import type { App, HttpOptions, HttpParts } from "../../src/http/routing/parts.ts";
import { type Problem, problemAnswer } from "../../src/http/routing/problem.ts";
import { openRouteTable, type Routes } from "../../src/http/routing/routes.ts";

export type SmallApp = {
  readonly app: App;
  /** The texts of recipes by name, the newest last: what the routes change. */
  readonly recipes: Map<string, string[]>;
};

export function createSmallApp(options: HttpOptions): SmallApp {
  const { app, routes, parts } = openRouteTable(options);
  const recipes = new Map<string, string[]>();
  recipeRoutes(routes, recipes);
  hookRoute(routes);
  lineRoute(routes);
  commands(routes, parts);
  openApiRoute(routes, parts);
  return { app, recipes };
}

const NO_RECIPE: Problem = { status: 404, detail: "There is no such recipe." };
const STALE: Problem = { status: 412, detail: "The latest version is not the one in If-Match." };
const IN_USE: Problem = { status: 409, code: "in_use", detail: "The recipe is in use." };

const version = v.object({ name: v.string(), version: v.number(), created: v.boolean() });
const recipe = v.looseObject({ title: v.pipe(v.string(), v.minLength(1)), spices: v.optional(v.array(v.string()), []) });
const recipeExample = { short: { summary: "A recipe", value: { title: "Soup", spices: ["salt"] } } };
const about = { tag: "documents", problems: ["failed"] } as const;
const missing = { description: "There is no such recipe.", example: NO_RECIPE };

const PUTTING: RouteDescription = {
  ...about,
  summary: "Store a recipe",
  answers: {
    200: { description: "It was there.", schema: version, examples: { known: { name: "soup", version: 1, created: false } } },
    201: {
      description: "It is stored.",
      schema: version,
      examples: { stored: { name: "soup", version: 2, created: true } },
      headers: ["Location", "ETag", ["Kitchen-Version", "The version of the recipe"]],
    },
  },
  problems: ["brokenJson", "tooLarge", "otherType", "failed"],
  ownProblems: { stale: { description: "Another version is the latest.", example: STALE } },
};

/** One path with four methods. */
function recipeRoutes(routes: Routes, recipes: Map<string, string[]>): void {
  const path = "/recipes/:name";
  routes.add({
    method: "PUT",
    path,
    description: PUTTING,
    header: v.object({ "if-match": v.optional(v.pipe(v.string(), v.regex(/^"\d+"$/, 'Expected a version such as "3"'))) }),
    body: routeBody({ required: true, description: "The recipe.", schema: named("Recipe", recipe), examples: recipeExample }),
    answer(c, { header, body }) {
      const name = c.req.param("name");
      const texts = recipes.get(name) ?? [];
      if (header["if-match"] !== undefined && header["if-match"] !== `"${texts.length}"`) return problemAnswer(STALE);
      const text = JSON.stringify(body);
      const known = texts.indexOf(text);
      if (known >= 0) return jsonAnswer(200, JSON.stringify({ name, version: known + 1, created: false }));
      recipes.set(name, [...texts, text]);
      const headers = { location: `/recipes/${name}`, etag: `"${texts.length + 1}"`, "kitchen-version": String(texts.length + 1) };
      return jsonAnswer(201, JSON.stringify({ name, version: texts.length + 1, created: true }), headers);
    },
  });
  routes.add({
    method: "GET",
    path,
    description: { ...about, summary: "Read a recipe", answers: { 200: { description: "As it was sent." } }, ownProblems: { missing } },
    answer(c) {
      const text = recipes.get(c.req.param("name"))?.at(-1);
      return text === undefined ? problemAnswer(NO_RECIPE) : jsonAnswer(200, text);
    },
  });
  routes.add({
    method: "PATCH",
    path,
    description: { ...about, summary: "Change a recipe", answers: { 200: { description: "Changed." } }, ownProblems: { missing } },
    body: routeBody({
      required: false,
      description: "What changes; nothing where it is left out.",
      schema: v.looseObject({ servings: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))) }),
      examples: { two: { summary: "For two", value: { servings: 2 } } },
    }),
    answer: (_, { body }) => jsonAnswer(200, JSON.stringify({ changed: body !== null, servings: body?.servings ?? null })),
  });
  routes.add({
    method: "DELETE",
    path,
    description: {
      ...about,
      summary: "Delete a recipe",
      answers: { 204: { description: "It is gone." } },
      ownProblems: { missing, in_use: { description: "It is in use.", example: IN_USE } },
    },
    answer(c) {
      const name = c.req.param("name");
      if (name === "soup") return problemAnswer(IN_USE);
      return recipes.delete(name) ? new Response(null, { status: 204 }) : problemAnswer(NO_RECIPE);
    },
  });
}

const UNSIGNED: Problem = { status: 401, detail: "The signature is missing.", headers: { "www-authenticate": "Signature" } };
const TOO_MANY: Problem = { status: 429, detail: "Too many calls.", headers: { "retry-after": "7" } };

function hookRoute(routes: Routes): void {
  routes.add({
    method: "POST",
    path: "/hooks/:name",
    description: {
      ...about,
      summary: "Be told",
      answers: { 202: { description: "Taken." } },
      ownProblems: {
        unsigned: { description: "Not signed.", example: UNSIGNED },
        busy: { description: "Too many.", example: TOO_MANY },
      },
    },
    // Whose text is kept as it came, digits and all.
    body: routeBody({ required: false, description: "Anything.", schema: { type: "object" }, examples: {}, bytesMax: 100 }, (text) => ({
      ok: true,
      value: text,
    })),
    answer(c, { body }) {
      if (!c.req.header("signature")) return problemAnswer(UNSIGNED);
      return c.req.param("name") === "busy" ? problemAnswer(TOO_MANY) : jsonAnswer(202, body);
    },
  });
}

/** A body that is neither JSON nor YAML. */
function lineRoute(routes: Routes): void {
  routes.add({
    method: "POST",
    path: "/lines",
    description: { ...about, summary: "Count lines", answers: { 200: { description: "So many." } } },
    body: {
      required: true,
      description: "One a line.",
      schema: { type: "string" },
      examples: { two: { summary: "Two lines", value: "{}\n{}" } },
      mediaTypes: ["application/x-ndjson"],
      async read(request, { room, limits, engine }) {
        const read = await readBody(request, { bytesMax: limits.bodyBytes, room, decode: engine.decode });
        return read.ok ? { ok: true, value: read.text.split("\n") } : read;
      },
    },
    answer: (_, { body }) => jsonAnswer(200, String(body.length)),
  });
}

/** Told with what the row was given; the one command that there is stands for all. */
function commands(routes: Routes, parts: HttpParts): void {
  const row = {
    method: "POST",
    description: {
      tag: "workflows",
      summary: "Begin",
      answers: { 200: { description: "It begins." } },
      problems: ["noExecution", "failed"],
      ownProblems: {
        begun: { description: "It has begun.", example: { status: 409, code: "already_triggered", detail: "It is RUNNING." } },
      },
    },
    queued: "It is stored",
    answersQueued: true,
  } as const satisfies Partial<CommandRoute<undefined, undefined, undefined>>;
  const begin = commandRoute({
    ...row,
    path: "/workflows/:execution_id/begin/:name",
    body: routeBody({
      required: false,
      description: "Why.",
      schema: v.object({ reason: v.string() }),
      examples: { short: { summary: "A reason", value: { reason: "It is time." } } },
    }),
    command: ({ body }, param) => ({ type: "Trigger", params: JSON.stringify({ name: param("name"), reason: body?.reason ?? null }) }),
    words: (receipt) =>
      receipt.type === "accepted"
        ? { words: { changed: true, message: "It begins." } }
        : { problem: { status: 409, code: receipt.code, detail: `It is ${receipt.status}.` } },
  });
  begin(routes, parts);
}

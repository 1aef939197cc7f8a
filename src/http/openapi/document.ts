/** GET /openapi.json: the OpenAPI 3.1 document, made from the routes and from the schemas that check requests. */
import { jsonAnswer } from "../answer/json-text.ts";
import type { HttpParts } from "../routing/parts.ts";
import type { Routes } from "../routing/routes.ts";

/** The route. The document is made once, at the first request, and what makes it is loaded then. */
export function openApiRoute(routes: Routes, { version }: Pick<HttpParts, "version">): void {
  let made: Promise<string> | null = null;
  const make = async (): Promise<string> => (await import("./specification.ts")).specificationOf(routes.described, version);
  routes.add({
    method: "GET",
    path: "/openapi.json",
    description: {
      tag: "documents",
      summary: "This document",
      answers: { 200: { description: "An OpenAPI 3.1 document." } },
      problems: [],
    },
    otherParameters: "ignored",
    answer: async () => jsonAnswer(200, await (made ??= make()), { "cache-control": "no-cache" }),
  });
}

/** GET /openapi.json: the OpenAPI 3.1 document, made from the routes and the schemas that check what they take. */
import { generateSpecs } from "hono-openapi";
import { jsonAnswer } from "../json-text.ts";
import type { App, HttpParts } from "../parts.ts";
import { described } from "./described.ts";

/** Made once, at the first request. */
export function openApiRoute(app: App, { version }: Pick<HttpParts, "version">): void {
  let made: Promise<string> | null = null;
  app.get(
    "/openapi.json",
    described({ tag: "documents", summary: "This document", answers: { 200: { description: "An OpenAPI 3.1 document." } }, problems: [] }),
    async () => jsonAnswer(200, await (made ??= makeDocument(app, version)), { "cache-control": "no-cache" }),
  );
}

async function makeDocument(app: App, version: string): Promise<string> {
  const document = await generateSpecs(app, {
    documentation: {
      openapi: "3.1.0",
      info: {
        title: "Troupe",
        version,
        description: "A workflow engine: a graph of nodes goes in, actors run it on a pool of threads, results come out.",
        license: { name: "MIT", identifier: "MIT" },
      },
      tags: [
        { name: "workflows", description: "Submit, start and watch executions" },
        { name: "steps", description: "The same for workflows of steps" },
        { name: "operations", description: "How this instance is" },
        { name: "documents", description: "About this API" },
      ],
    },
    excludeStaticFile: false,
    // Problems are described at each route; it would invent another 400.
    defaultValidationErrorResponse: false,
  });
  return JSON.stringify(document);
}

/** The text of the OpenAPI document. Its own app holds only the descriptions: no request goes through it. */
import { Hono } from "hono";
import { generateSpecs, validator } from "hono-openapi";
import type { DescribedRoute } from "../routing/routes.ts";
import { TAGS } from "../routing/description.ts";
import { described } from "./described.ts";

/** The text. `version`: Troupe's. */
export async function specificationOf(routes: readonly DescribedRoute[], version: string): Promise<string> {
  const app = new Hono();
  for (const route of routes) {
    const { method, path, query, header } = route;
    const checks = [...(header === null ? [] : [validator("header", header)]), ...(query === null ? [] : [validator("query", query)])];
    app.on(method, path, described(route), ...checks);
  }
  const document = await generateSpecs(app, {
    documentation: {
      openapi: "3.1.0",
      info: {
        title: "Troupe",
        version,
        description: "A workflow engine: you send a graph of nodes, actors run it on a pool of threads, and you read the results.",
        license: { name: "MIT", identifier: "MIT" },
      },
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    },
    excludeStaticFile: false,
    // Problems are described at each route. The library would invent another 400.
    defaultValidationErrorResponse: false,
  });
  return JSON.stringify(document);
}

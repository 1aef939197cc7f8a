/** The REST surface over the engine: canonical routes, the older systems' routes, documents. Testable by `app.request()`. */
import { Hono } from "hono";
import { stepsRoutes } from "./dialects/steps.ts";
import { docsRoutes } from "./docs.ts";
import { edged, onError } from "./edge.ts";
import { executionRoute } from "./execution.ts";
import { healthRoutes } from "./health.ts";
import { noRoute } from "./methods.ts";
import { openApiRoute } from "./openapi/document.ts";
import type { App, HttpEnv, HttpOptions, HttpParts } from "./parts.ts";
import { resultsRoute } from "./results.ts";
import { createRoom } from "./room.ts";
import { createRoutes } from "./routes.ts";
import { triggerRoutes } from "./trigger.ts";
import { workflowRoutes } from "./workflows.ts";

export function createApp(options: HttpOptions): App {
  const parts: HttpParts = { ...options, room: createRoom(options.limits, options) };
  const app = new Hono<HttpEnv>({ strict: false });
  app.onError(onError(parts));
  app.notFound(edged(noRoute(app), parts));

  const routes = createRoutes(app, parts);
  workflowRoutes(routes, parts);
  executionRoute(routes, parts);
  triggerRoutes(routes, parts);
  resultsRoute(routes, parts);
  stepsRoutes(routes, parts);
  healthRoutes(routes, parts);
  docsRoutes(routes);
  openApiRoute(routes, parts);
  return app;
}

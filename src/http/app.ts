/** The REST surface over the engine: canonical routes, the older systems' routes, documents. Testable by `app.request()`. */
import { Hono } from "hono";
import { commandRoutes } from "./routes/commands.ts";
import { stepsRoutes } from "./dialects/steps.ts";
import { docsRoutes } from "./routes/docs.ts";
import { edged, onError } from "./routing/edge.ts";
import { executionRoute } from "./routes/execution.ts";
import { healthRoutes } from "./routes/health.ts";
import { noRoute } from "./routing/methods.ts";
import { openApiRoute } from "./openapi/document.ts";
import type { App, HttpEnv, HttpOptions, HttpParts } from "./routing/parts.ts";
import { resultsRoute } from "./routes/results.ts";
import { createRoom } from "./routing/room.ts";
import { createRoutes } from "./routing/routes.ts";
import { workflowRoutes } from "./routes/workflows.ts";

export function createApp(options: HttpOptions): App {
  const parts: HttpParts = { ...options, room: createRoom(options.limits, options) };
  const app = new Hono<HttpEnv>({ strict: false });
  app.onError(onError(parts));
  app.notFound(edged(noRoute(app), parts));

  const routes = createRoutes(app, parts);
  workflowRoutes(routes, parts);
  executionRoute(routes, parts);
  commandRoutes(routes, parts);
  resultsRoute(routes, parts);
  stepsRoutes(routes, parts);
  healthRoutes(routes, parts);
  docsRoutes(routes);
  openApiRoute(routes, parts);
  return app;
}

/** The REST surface over the engine: canonical routes, the older systems' routes, documents. Testable by `app.request()`. */
import { Hono } from "hono";
import { stepsRoutes } from "./dialects/steps.ts";
import { docsRoutes } from "./docs.ts";
import { edge, onError } from "./edge.ts";
import { executionRoute } from "./execution.ts";
import { healthRoutes } from "./health.ts";
import { noRoute } from "./methods.ts";
import { openApiRoute } from "./openapi/document.ts";
import type { App, HttpEnv, HttpParts } from "./parts.ts";
import { resultsRoute } from "./results.ts";
import { triggerRoutes } from "./trigger.ts";
import { workflowRoutes } from "./workflows.ts";

export function createApp(parts: HttpParts): App {
  const app = new Hono<HttpEnv>({ strict: false });
  app.use(edge(parts));
  app.onError(onError(parts.log));
  app.notFound(noRoute(app));

  workflowRoutes(app, parts);
  executionRoute(app, parts);
  triggerRoutes(app, parts);
  resultsRoute(app, parts);
  stepsRoutes(app, parts);
  healthRoutes(app, parts);
  docsRoutes(app);
  openApiRoute(app, parts);
  return app;
}

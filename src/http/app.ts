/** The REST surface over the engine: canonical routes, the older systems' routes, documents. Tests call it with `app.request()`. */
import { stepsRoutes } from "./dialects/steps.ts";
import { openApiRoute } from "./openapi/document.ts";
import { commandRoutes } from "./routes/commands.ts";
import { creationRoutes } from "./routes/create.ts";
import { docsRoutes } from "./routes/docs.ts";
import { executionRoute } from "./routes/execution.ts";
import { healthRoutes } from "./routes/health.ts";
import { listRoute } from "./routes/list.ts";
import { removeRoute } from "./routes/remove.ts";
import { resultsRoute } from "./routes/results.ts";
import type { App, HttpOptions } from "./routing/parts.ts";
import { openRouteTable } from "./routing/routes.ts";

export function createApp(options: HttpOptions): App {
  const { app, routes, parts } = openRouteTable(options);
  creationRoutes(routes, parts);
  listRoute(routes, parts);
  executionRoute(routes, parts);
  removeRoute(routes, parts);
  commandRoutes(routes, parts);
  resultsRoute(routes, parts);
  stepsRoutes(routes, parts);
  healthRoutes(routes, parts);
  docsRoutes(routes);
  openApiRoute(routes, parts);
  return app;
}

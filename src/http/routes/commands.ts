/** Commands to executions that exist: a table with one row per route. */
import type { HttpParts } from "../routing/parts.ts";
import type { Routes } from "../routing/routes.ts";
import type { AddCommandRoute } from "./command-route.ts";
import { CANCEL, PAUSE, RESUME } from "./lifecycle.ts";
import { PRIORITISE } from "./priority.ts";
import { OLDER_TRIGGER, TRIGGER } from "./trigger.ts";

const COMMAND_ROUTES: readonly AddCommandRoute[] = [TRIGGER, OLDER_TRIGGER, CANCEL, PAUSE, RESUME, PRIORITISE];

export function commandRoutes(routes: Routes, parts: HttpParts): void {
  for (const add of COMMAND_ROUTES) add(routes, parts);
}

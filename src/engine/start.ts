/** The start of the engine: its parts are opened, then the ownership takes over what it can, and work goes on. */
import type { Engine } from "./engine.ts";
import type { Life } from "./health.ts";
import { type EngineOptions, openParts } from "./parts.ts";
import { RunningEngine } from "./running-engine.ts";

export type { EngineOptions } from "./parts.ts";

/** Takes over what it can of the store and begins to work. Rejects with the faults of handlers, or StoreUnavailable. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const life: Life = { ending: "none" };
  const parts = await openParts(options, () => life.ending === "begun");
  await parts.joined.ownership.begin(parts.lanes);
  parts.supervisors.admission.open();
  return new RunningEngine(parts, life);
}

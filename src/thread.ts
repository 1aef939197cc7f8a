/**
 * A thread of the pool, or the child process that runs suspects, put together: handlers, the node actor, and the loop that
 * serves the pool.
 */
import { createNodeActor } from "./node/node.ts";
import { systemClock } from "./env/clock.ts";
import { createLog } from "./env/log/log.ts";
import { logBursts } from "./env/log/bursts.ts";
import { loadRegistry } from "./handlers/registry.ts";
import { serve } from "./pool/host/serve.ts";
import type { ThreadSettings } from "./wiring/thread-settings.ts";

serve(async (given) => {
  const settings = given as ThreadSettings;
  const loaded = await loadRegistry(settings, settings.bundle);
  if (!loaded.ok) return loaded;
  const log = createLog({ level: settings.logLevel, instance: settings.instanceName });
  const run = createNodeActor(loaded.registry, { ...settings, log, failures: logBursts(log, systemClock) });
  return { ok: true, handlers: loaded.registry.infos, run };
});

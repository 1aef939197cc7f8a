/** Wires a thread of the pool, and the child process that runs suspects: handlers, the node actor, and the loop that serves the pool. */
import { createNodeActor } from "./actors/node.ts";
import type { Config } from "./env/config.ts";
import { systemClock } from "./env/clock.ts";
import { createLog } from "./env/log.ts";
import { logBursts } from "./env/log-bursts.ts";
import type { HandlerBundle } from "./handlers/bundle.ts";
import { loadRegistry } from "./handlers/registry.ts";
import type { HandlerSettings } from "./handlers/settings.ts";
import { serve } from "./pool/serve.ts";

/** What comes in the first message: a thread reads no environment. */
export type ThreadSettings = HandlerSettings & Pick<Config, "logLevel" | "instanceName"> & { readonly bundle: HandlerBundle };

serve(async (given) => {
  const settings = given as ThreadSettings;
  const loaded = await loadRegistry(settings, settings.bundle);
  if (!loaded.ok) return loaded;
  const log = createLog({ level: settings.logLevel, instance: settings.instanceName });
  const run = createNodeActor(loaded.registry, { ...settings, log, failures: logBursts(log, systemClock) });
  return { ok: true, handlers: loaded.registry.infos, run };
});

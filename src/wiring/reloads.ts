/** Reloads of users' handlers: in all threads, or in none. */
import { existsSync, watch } from "node:fs";
import { resolve } from "node:path";
import type { Clock } from "../env/clock.ts";
import type { Config } from "../env/config/config.ts";
import type { Log } from "../env/log/log.ts";
import type { HandlerBundle } from "../handlers/loading/bundle.ts";
import { threadSettings } from "./engine-parts.ts";
import type { Pool } from "../pool/pool.ts";

/** The pause before a reload. An editor writes a file in several steps, and somebody may save several files. */
const QUIET_MS = 100;
const NOT_WATCHED = /(^|[\\/])(node_modules|\.[^\\/]*)([\\/]|$)/;

export type Reloads = {
  /** Reads the folder. Attempts that begin from then on run what it holds; if it cannot be loaded, nothing changes. */
  ask(reason: string): void;
};

export type ReloadsOptions = {
  /** The configuration. With `handlersWatch` each change of the folder asks for a reload. */
  readonly config: Config;
  readonly pool: Pool;
  /** The bundle that the pool was started with. */
  readonly loaded: HandlerBundle;
  readonly clock: Clock;
  readonly log: Log;
};

export function createReloads({ config, pool, loaded, clock, log }: ReloadsOptions): Reloads {
  let known = loaded.path;
  let asked: { readonly reason: string; readonly evenIfSame: boolean } | null = null;
  let isBusy = false;

  async function work(): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    while (asked !== null) {
      const { reason, evenIfSame } = asked;
      asked = null;
      await reload(reason, evenIfSame).catch((error: unknown) => log.error("The handlers could not be loaded again.", { reason, error }));
    }
    isBusy = false;
  }

  async function reload(reason: string, evenIfSame: boolean): Promise<void> {
    const settings = await threadSettings(config);
    const { bundle } = settings;
    if (!evenIfSame && isKnown(bundle)) return;
    const renewed = bundle.faults.length > 0 ? { ok: false as const, faults: bundle.faults } : await pool.renew(settings);
    known = bundle.path;
    if (renewed.ok)
      log.info("The handlers were loaded again: attempts that begin from now on run them.", { reason, handlers: renewed.handlers.length });
    else
      log.error("The handlers were not loaded again: all threads go on with the ones that they have.", { reason, faults: renewed.faults });
  }

  function isKnown({ path, faults }: HandlerBundle): boolean {
    return path === known && faults.length === 0;
  }

  function ask(reason: string, evenIfSame: boolean): void {
    asked = { reason, evenIfSame: evenIfSame || asked?.evenIfSame === true };
    void work();
  }

  const changed = (): void => ask("a change in the folder", false);
  if (config.handlersWatch) {
    watchFolder(resolve(config.handlersDir), clock, log, changed);
    // The folder may have changed since it was read.
    changed();
  }
  return { ask: (reason) => ask(reason, true) };
}

function watchFolder(folder: string, clock: Clock, log: Log, changed: () => void): void {
  if (!existsSync(folder)) return log.warn(`There is no folder ${folder} (APP_HANDLERS_DIR) to watch (APP_HANDLERS_WATCH).`);
  let cancel: (() => void) | null = null;
  const watcher = watch(folder, { recursive: true }, (_, name) => {
    if (name !== null && NOT_WATCHED.test(name)) return;
    cancel?.();
    cancel = clock.after(QUIET_MS, changed);
  });
  watcher.on("error", (error) => log.warn("The folder of handlers is not watched any more: SIGHUP loads them again.", { error }));
}

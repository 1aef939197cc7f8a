/** All handlers by all their names: ours, and the modules in the users' folder. Each thread loads its own. */
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { systemClock } from "../env/clock.ts";
import { systemRandom } from "../env/random.ts";
import type { HandlerInfo } from "../workflow/catalog.ts";
import { builtInHandlers } from "./built-in.ts";
import { configShapeOf } from "./config-shape-of.ts";
import { type Handler, isHandler } from "./handler.ts";
import type { Surroundings } from "./mock-service.ts";
import { offerOwnModules } from "./own-modules.ts";
import type { HandlerSettings } from "./settings.ts";

export type Registry = {
  /** By any of its names; undefined where nobody has that name. */
  get(name: string): Handler | undefined;
  /** What the main thread is told of each handler. */
  readonly infos: readonly HandlerInfo[];
};

/** `faults`: every reason why the handlers cannot be loaded, as sentences for the one who starts the server. */
export type LoadedRegistry =
  | { readonly ok: true; readonly registry: Registry }
  | { readonly ok: false; readonly faults: readonly string[] };

const SYSTEM: Surroundings = { clock: systemClock, random: systemRandom };
const MODULE = /^[^._].*(?<!\.d|\.test|\.spec)\.(?:ts|js|mjs|mts)$/;

export async function loadRegistry(settings: HandlerSettings, surroundings: Surroundings = SYSTEM): Promise<LoadedRegistry> {
  const faults: string[] = [];
  const byName = new Map<string, { readonly handler: Handler; readonly origin: string }>();
  const add = (handler: Handler, origin: string): void => {
    for (const name of handler.names) {
      const other = byName.get(name);
      if (other === undefined) byName.set(name, { handler, origin });
      else faults.push(`The handler name "${name}" is there twice: in ${other.origin} and in ${origin}.`);
    }
  };
  const ours = builtInHandlers(settings, surroundings);
  for (const handler of ours) add(handler, `Troupe itself ("${handler.name}")`);
  const files = modulesIn(settings.handlersDir);
  if (typeof files === "string") return { ok: false, faults: [...faults, files] };
  for (const file of files) {
    const loaded = await loadModule(file);
    if (typeof loaded === "string") faults.push(loaded);
    else add(loaded, file);
  }
  if (faults.length > 0) return { ok: false, faults };
  const handlers = new Set([...byName.values()].map(({ handler }) => handler));
  const infos = [...handlers].map((handler) => infoOf(handler, ours.includes(handler)));
  return { ok: true, registry: { get: (name) => byName.get(name)?.handler, infos } };
}

function infoOf({ name, names, needs, config }: Handler, isOurs: boolean): HandlerInfo {
  return { name, names, needs, ...(config === null ? {} : { config: configShapeOf(config, isOurs) }) };
}

/** The folder's own modules, sorted, or the fault; tests, type declarations and names that begin with `.` or `_` are none. */
function modulesIn(folder: string): readonly string[] | string {
  const path = resolve(folder);
  if (!existsSync(path)) return [];
  try {
    const files = readdirSync(path, { withFileTypes: true }).filter((entry) => !entry.isDirectory() && MODULE.test(entry.name));
    offerOwnModules(path);
    return files.map(({ name }) => join(path, name)).sort();
  } catch (error) {
    return `The folder of handlers ${path} (APP_HANDLERS_DIR) cannot be read: ${error instanceof Error ? error.message : String(error)}.`;
  }
}

/** The module's handler, or the fault as a sentence. */
async function loadModule(file: string): Promise<Handler | string> {
  try {
    const { default: handler } = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
    return isHandler(handler) ? handler : `${file} has no handler: it must \`export default defineHandler({ … })\`, from "troupe".`;
  } catch (error) {
    return `${file} cannot be loaded: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
  }
}

/** All handlers by all their names: ours, and the users' own. Each thread loads them, all from the same bundle. */
import { dirname } from "node:path";
import { systemClock } from "../env/clock.ts";
import { systemRandom } from "../env/random.ts";
import type { HandlerInfo } from "../workflow/definition/catalog.ts";
import { builtInHandlers } from "./built-in/built-in.ts";
import type { HandlerBundle } from "./loading/bundle.ts";
import { configShapeOf } from "./config-shape-of.ts";
import { type Handler, isHandler } from "./handler.ts";
import { placeOf } from "./stack.ts";
import type { Surroundings } from "./built-in/mock-service.ts";
import { openBundle } from "./loading/own-modules.ts";
import type { HandlerSettings } from "./settings.ts";

export type Registry = {
  /** The handler of a name; undefined if there is none. */
  get(name: string): Handler | undefined;
  /** The descriptions of all handlers for the main thread. */
  readonly infos: readonly HandlerInfo[];
};

/** The result of loading. `faults`: every reason why the handlers cannot be loaded, as sentences for the one who starts the server. */
export type LoadedRegistry =
  | { readonly ok: true; readonly registry: Registry }
  | { readonly ok: false; readonly faults: readonly string[] };

const SYSTEM: Surroundings = { clock: systemClock, random: systemRandom };

export async function loadRegistry(
  settings: HandlerSettings,
  bundle: HandlerBundle,
  surroundings: Surroundings = SYSTEM,
): Promise<LoadedRegistry> {
  const faults = [...bundle.faults];
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
  const modules = await loadModules(bundle, faults);
  for (const { file, handler } of modules) if (handler !== null) add(handler, file);
  const own = new Set(modules.map(({ handler }) => handler));
  for (const { file, named } of modules) {
    const lost = named.find((handler) => !own.has(handler));
    if (lost !== undefined) faults.push(`${file} exports the handler "${lost.name}" by a name: it must be its default export.`);
  }
  if (faults.length > 0) return { ok: false, faults };
  const handlers = new Set([...byName.values()].map(({ handler }) => handler));
  const infos = [...handlers].map((handler) => infoOf(handler, ours.includes(handler)));
  return { ok: true, registry: { get: (name) => byName.get(name)?.handler, infos } };
}

function infoOf({ name, names, needs, config }: Handler, isOurs: boolean): HandlerInfo {
  return { name, names, needs, ...(config === null ? {} : { config: configShapeOf(config, isOurs) }) };
}

/** A module. `named`: handlers that it exports beside its default one. */
type OwnModule = { readonly file: string; readonly handler: Handler | null; readonly named: readonly Handler[] };

/** Loads the modules that can be loaded, and adds to the faults why others cannot. A module without a handler is there for others. */
async function loadModules(bundle: HandlerBundle, faults: string[]): Promise<readonly OwnModule[]> {
  const modules: OwnModule[] = [];
  try {
    const loads = await openBundle(bundle);
    for (const [i, file] of bundle.modules.entries()) {
      try {
        const { default: handler, ...others } = (await loads[i]?.()) ?? {};
        if (!isHandler(handler) && seemsHandler(handler))
          faults.push(`${file} has no handler: it must \`export default defineHandler({ … })\`, from "troupe".`);
        modules.push({ file, handler: isHandler(handler) ? handler : null, named: Object.values(others).filter(isHandler) });
      } catch (error) {
        faults.push(`${file} cannot be loaded: ${sentenceOf(error)}`);
      }
    }
  } catch (error) {
    // The fault is in a package that one of them imports: it is loaded before all of them.
    faults.push(`The handlers in ${dirname(bundle.path)} cannot be loaded: ${sentenceOf(error)}`);
  }
  return modules;
}

/** Whether somebody forgot to call defineHandler, or exports a list of handlers. */
function seemsHandler(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isHandler);
  return typeof value === "object" && value !== null && typeof (value as { readonly run?: unknown }).run === "function";
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = placeOf(error);
  return `${error.name}: ${error.message}${place === null ? "" : ` (at ${place})`}`;
}

/**
 * The modules that a thread offers to users' handlers: "troupe" and "valibot" wherever their folder is, without installing
 * anything there; and the bundle, whose files find themselves and their imports as if they were not bundled.
 */
import { createRequire } from "node:module";
import { basename, dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { plugin } from "bun";
import * as valibot from "valibot";
import type { HandlerBundle } from "./bundle.ts";
import { META } from "./bundle.ts";
import * as troupe from "../handler.ts";
import { resolvedFrom } from "./resolution.ts";

type Exports = Readonly<Record<string, unknown>>;

const texts = new Map<string, string>();

/** The loaders of the bundle's modules, in order. Rejects if a package that one of them imports cannot be loaded. */
export async function openBundle({ path, text, modules }: HandlerBundle): Promise<readonly (() => Promise<Exports>)[]> {
  if (modules.length === 0) return [];
  if (texts.size === 0) offer(dirname(path));
  texts.set(path, text);
  const loads = (await import(path)) as Readonly<Record<string, () => Promise<Exports>>>;
  return modules.map((_, i) => loads[`m${i}`] as () => Promise<Exports>);
}

/** Registers the modules, once in each thread. `folder`: if a valibot of the user's own is found from there, that one stays. */
function offer(folder: string): void {
  const hasValibot = resolvedFrom(folder, "valibot") !== null;
  Object.defineProperty(globalThis, META, { value: { of: metaOf, require: createRequire(import.meta.path) } });
  plugin({
    name: "troupe",
    setup(build) {
      // Always ours: a second copy would know neither our handlers nor our errors.
      build.module("troupe", () => ({ exports: { ...troupe }, loader: "object" }));
      if (!hasValibot) build.module("valibot", () => ({ exports: { ...valibot }, loader: "object" }));
      build.onResolve({ filter: BUNDLE }, ({ path }) => ({ path }));
      build.onLoad({ filter: BUNDLE }, ({ path }) => ({ contents: texts.get(path) ?? "", loader: "js" }));
    },
  });
}

const BUNDLE = /[\\/]\.troupe-handlers-\w+\.mjs$/;

/** The `import.meta` of one of the user's files. */
function metaOf(path: string): ImportMeta {
  const url = pathToFileURL(path).href;
  const folder = dirname(path);
  const own = {
    url,
    path,
    filename: path,
    file: basename(path),
    dir: folder,
    dirname: folder,
    main: false,
    require: createRequire(path),
    resolve: (name: string) => pathToFileURL(Bun.resolveSync(name, folder)).href,
    resolveSync: (name: string) => Bun.resolveSync(name, folder),
  };
  return Object.create(import.meta, Object.getOwnPropertyDescriptors(own)) as ImportMeta;
}

/**
 * Users' handlers as one text. The main thread reads them once and gives the text to every thread and child process, so that
 * all run the same code until a reload, whatever happens to the files meanwhile. Only the user's own files are in it:
 * packages are loaded from where they are installed.
 */
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, resolve } from "node:path";
import { resolvedFrom } from "./resolution.ts";

/** A bundle: plain data, for a thread's first message. */
export type HandlerBundle = {
  /**
   * An absolute path in the folder where no file is: imports of the modules are searched from there. It contains the text's
   * hash, so two bundles with the same path are the same.
   */
  readonly path: string;
  /** An ES module: for each of `modules`, in order, a function `m0`, `m1`, … that loads it. Empty if there are none. */
  readonly text: string;
  /** The files in the folder that may hold a handler. */
  readonly modules: readonly string[];
  /** The reasons why the others cannot be loaded, as sentences. */
  readonly faults: readonly string[];
};

/** The name of each file's `import.meta` in a bundle. */
export const META = "__troupeImportMeta";

const MODULE = /^[^._].*(?<!\.d|\.test|\.spec)\.(?:ts|js|mjs|mts)$/;
const CODE = /\.[cm]?[jt]sx?$/;
/** The kinds of files that a bundle can hold. Another asset is imported from where it is. */
const BUNDLED = /(?:\.[cm]?[jt]sx?|\.jsonc?|\.toml|\.ya?ml|\.txt|\/[^/.]+)$/;
/** Packages that Troupe itself offers, the second one unless the user has installed it. */
const OURS = /^(?:troupe|valibot)$/;

const ENTRY = "troupe-handlers";
/** Our own folder. A copy of our files in a bundle would be another module, which would know neither our handlers nor our errors. */
const TROUPE = join(import.meta.dir, "../../");

/** The bundle of everything in this folder that can be loaded, and every fault of the rest. A folder that does not exist has none. */
export async function bundleHandlers(folder: string): Promise<HandlerBundle> {
  const directory = resolve(folder);
  const nothing = bundleOf(directory, "", []);
  const modules = modulesIn(directory);
  if (typeof modules === "string") return { ...nothing, faults: [modules] };
  if (modules.length === 0) return nothing;
  const together = await built(directory, modules);
  if (together.ok) return bundleOf(directory, together.text, modules);
  // Building each module alone shows which of them are at fault. The others are loaded all the same, so that their faults are reported too.
  const each = await Promise.all(modules.map(async (module) => ({ module, result: await built(directory, [module]) })));
  const good = each.filter(({ result }) => result.ok).map(({ module }) => module);
  const faults = new Set(each.flatMap(({ module, result }) => (result.ok ? [] : result.faults.map((fault) => faultOf(module, fault)))));
  const rest = good.length === 0 ? null : await built(directory, good);
  if (rest === null) return { ...nothing, faults: [...faults] };
  if (!rest.ok) return { ...nothing, faults: [...faults, ...rest.faults.map(({ said }) => said)] };
  return { ...bundleOf(directory, rest.text, good), faults: [...faults] };
}

function bundleOf(directory: string, text: string, modules: readonly string[]): HandlerBundle {
  return { path: join(directory, `.troupe-handlers-${Bun.hash(text).toString(36)}.mjs`), text, modules, faults: [] };
}

/** The folder's own modules, sorted, or the fault. Tests, type declarations and names that begin with `.` or `_` do not count. */
function modulesIn(directory: string): readonly string[] | string {
  if (!existsSync(directory)) return [];
  try {
    const files = readdirSync(directory, { withFileTypes: true }).filter((entry) => !entry.isDirectory() && MODULE.test(entry.name));
    return files.map(({ name }) => join(directory, name)).sort();
  } catch (error) {
    return `The folder of handlers ${directory} (APP_HANDLERS_DIR) cannot be read: ${error instanceof Error ? error.message : String(error)}.`;
  }
}

/** A fault. `where`: null if it has no place in a file. */
type BuildFault = {
  readonly where: { readonly file: string; readonly line: number; readonly column: number } | null;
  readonly said: string;
};
type Built = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly faults: readonly BuildFault[] };

async function built(directory: string, modules: readonly string[]): Promise<Built> {
  const path = join(directory, ".troupe-handlers.mjs");
  try {
    const { success, outputs, logs } = await Bun.build({
      entrypoints: [path],
      target: "bun",
      format: "esm",
      sourcemap: "external",
      env: "disable",
      define: { "import.meta": META, "process.env.NODE_ENV": "process.env.NODE_ENV" },
      plugins: [ownFiles(path, modules)],
      throw: false,
    });
    const output = outputs.find(({ kind }) => kind === "entry-point");
    const map = outputs.find(({ kind }) => kind === "sourcemap");
    if (success && output !== undefined && map !== undefined) return { ok: true, text: withMap(await output.text(), await map.text()) };
    return { ok: false, faults: logs.filter(({ level }) => level === "error").map(buildFault) };
  } catch (error) {
    return { ok: false, faults: [{ where: null, said: error instanceof Error ? error.message : String(error) }] };
  }
}

/**
 * The text with its source map, so that stacks name the user's files and lines. The map's sources are relative to where this
 * process is.
 */
function withMap(text: string, map: string): string {
  const parsed = JSON.parse(map) as { readonly sources: readonly string[] };
  const absolute = JSON.stringify({ ...parsed, sources: parsed.sources.map((source) => resolve(source)) });
  return `${text}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(absolute).toString("base64")}\n`;
}

/**
 * The bundler's plugin: packages stay where they are, by their paths, and each file has the `import.meta` that it has
 * without a bundle.
 */
function ownFiles(entry: string, modules: readonly string[]): Bun.BunPlugin {
  return {
    name: "troupe-handlers",
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ path, importer, kind }) => {
        if (path === entry) return { path, namespace: ENTRY };
        if (importer === entry) return { path };
        if (isBuiltin(path) || path.startsWith("bun:") || path === "bun") return { path, external: true };
        const found = resolvedFrom(dirname(importer), path, kind.startsWith("require") ? "require" : "import");
        if (OURS.test(path) && (path === "troupe" || found === null)) return { path, external: true };
        // The bundler does not find it either, and reports it with its place.
        if (found === null) return undefined;
        return isInstalled(found) || found.startsWith(TROUPE) || !BUNDLED.test(found) ? { path: found, external: true } : undefined;
      });
      const loads = modules.map((module, i) => `export const m${i} = () => import(${JSON.stringify(module)});`);
      build.onLoad({ filter: /.*/, namespace: ENTRY }, () => ({ loader: "js", contents: loads.join("\n") }));
      build.onLoad({ filter: CODE }, ({ path }) => {
        const source = readFileSync(path, "utf8");
        if (!source.includes("import.meta")) return undefined;
        return {
          loader: loaderOf(path),
          contents: `const ${META} = globalThis.${META}.of(${JSON.stringify(path)}); ${source.replace(/^#!/, "//")}`,
        };
      });
    },
  };
}

function isInstalled(path: string): boolean {
  return /[\\/]node_modules[\\/]/.test(path);
}

function loaderOf(path: string): "ts" | "tsx" | "js" | "jsx" {
  const [, kind = "js", x = ""] = /\.[cm]?([jt]s)(x?)$/.exec(path) ?? [];
  return `${kind}${x}` as "ts" | "tsx" | "js" | "jsx";
}

function buildFault(log: BuildMessage | ResolveMessage): BuildFault {
  const { position, message } = log;
  if (position === null || position.file === "") return { where: null, said: message };
  return { where: { file: resolve(position.file), line: position.line, column: position.column }, said: message };
}

/** The sentence for a fault. `module`: the module that cannot be loaded because of it. */
function faultOf(module: string, { where, said }: BuildFault): string {
  if (where === null) return `${module} cannot be loaded: ${said}`;
  const place = `line ${where.line}, column ${where.column}`;
  return isSameFile(where.file, module)
    ? `${module} cannot be loaded: ${place}: ${said}`
    : `${where.file} cannot be loaded: ${place}: ${said}`;
}

/** Whether two paths are the same file. The folder may hold links. */
function isSameFile(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}

/** The places where users' modules find their imports. */
import { createRequire } from "node:module";

/** The kind of import. */
type Way = "import" | "require";

/** The path of a package or a file, from a file in `folder`; null if it does not exist. */
export function resolvedFrom(folder: string, name: string, way: Way = "import"): string | null {
  try {
    const path = way === "import" ? Bun.resolveSync(name, folder) : createRequire(`${folder}/_`).resolve(name);
    return FETCHED.test(path) ? null : path;
  } catch {
    // A missing file is an answer here.
    return null;
  }
}

/**
 * A path in Bun's own cache, as in valibot@1.5.0@@@1/. If no folder above has packages, Bun takes from there, or from the
 * registry,
 * what nobody has installed; its bundler does not.
 */
const FETCHED = /@[^\\/]*@@@\d+[\\/]/;

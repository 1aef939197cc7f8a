/** Where users' modules find what they import. */
import { createRequire } from "node:module";

/** In which way it is imported. */
type Way = "import" | "require";

/** A package by its name or a file, from a file in `folder`; null where it is not there. */
export function resolvedFrom(folder: string, name: string, way: Way = "import"): string | null {
  try {
    const path = way === "import" ? Bun.resolveSync(name, folder) : createRequire(`${folder}/_`).resolve(name);
    return FETCHED.test(path) ? null : path;
  } catch {
    // Not found is an answer here.
    return null;
  }
}

/**
 * In Bun's own cache, as in valibot@1.5.0@@@1/. Where no folder above has packages, Bun takes from there, or from the registry,
 * what nobody has installed; its bundler does not.
 */
const FETCHED = /@[^\\/]*@@@\d+[\\/]/;

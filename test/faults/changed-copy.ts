/**
 * Copies of the sources: with exact texts replaced, which the checker must find out about (it says so loudly where a text is not
 * there), and as an earlier commit had them.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");

/** `file`: from the root. `from` must stand in it exactly once. */
export type Change = { readonly file: string; readonly from: string; readonly to: string };
export type Copy = { readonly dir: string; readonly main: string; readonly handlersDir: string; remove(): void };

export function copyWith(changes: readonly Change[]): Copy {
  const dir = mkdtempSync(join(tmpdir(), "troupe-changed-"));
  for (const path of PATHS) cpSync(join(root, path), join(dir, path), { recursive: true });
  for (const { file, from, to } of changes) {
    const text = readFileSync(join(dir, file), "utf8");
    const times = text.split(from).length - 1;
    if (times !== 1) {
      rmSync(dir, { recursive: true });
      throw new Error(`${file} holds this ${times} times, not once; the change must follow the sources:\n${from}`);
    }
    writeFileSync(
      join(dir, file),
      text.replace(from, () => to),
    );
  }
  return copyIn(dir);
}

/** The sources of a commit, with the packages of now. Throws where this clone does not have it. */
export function copyOf(commit: string): Copy {
  const archive = Bun.spawnSync(["git", "-C", root, "archive", commit, ...PATHS]);
  if (!archive.success) {
    throw new Error(
      `The commit ${commit}, whose build this one is to replace, is not in this clone: fetch the whole history (git fetch --unshallow). Git says: ${archive.stderr.toString().trim()}`,
    );
  }
  const dir = mkdtempSync(join(tmpdir(), "troupe-released-"));
  const unpacked = Bun.spawnSync(["tar", "-x", "-C", dir], { stdin: archive.stdout });
  if (!unpacked.success) throw new Error(`The sources of ${commit} cannot be unpacked: ${unpacked.stderr.toString().trim()}`);
  return copyIn(dir);
}

const PATHS = ["src", "package.json", "tsconfig.json", "test/faults/fixtures"];

function copyIn(dir: string): Copy {
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"));
  return {
    dir,
    main: join(dir, "src/main.ts"),
    handlersDir: join(dir, "test/faults/fixtures/handlers"),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** A copy of the sources with exact texts replaced: what the checker must find out about. Says so loudly where a text is not there. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");

/** `file`: from the root. `from` must stand in it exactly once. */
export type Change = { readonly file: string; readonly from: string; readonly to: string };
export type Copy = { readonly dir: string; readonly main: string; readonly handlersDir: string; remove(): void };

export function copyWith(changes: readonly Change[]): Copy {
  const dir = mkdtempSync(join(tmpdir(), "troupe-changed-"));
  for (const path of ["src", "package.json", "tsconfig.json", "test/faults/fixtures"])
    cpSync(join(root, path), join(dir, path), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"));
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
  return {
    dir,
    main: join(dir, "src/main.ts"),
    handlersDir: join(dir, "test/faults/fixtures/handlers"),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

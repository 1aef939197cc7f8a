/** docs/guarantees.md names a test behind each promise: those tests exist. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const promises = [...readFileSync(join(root, "docs/guarantees.md"), "utf8").matchAll(/^ {2}— `(.+?)`: (.+)$/gm)];

test("docs/guarantees.md names its tests", () => expect(promises.length).toBeGreaterThan(15));

test.each(promises.map(([, file, name]) => [name ?? "", file ?? ""]))("%s (%s) is a test", (name, file) => {
  const path = join(root, file);
  expect(existsSync(path), `docs/guarantees.md names ${file}, which does not exist.`).toBe(true);
  expect(readFileSync(path, "utf8").includes(name), `docs/guarantees.md names a test that is not in ${file}: "${name}".`).toBe(true);
});

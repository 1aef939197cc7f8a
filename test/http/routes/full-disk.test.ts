/** A disk that is full: what is new is refused with the reason, readiness says it too, and both are over when there is room. */
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { serveApp } from "../served.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

test("while it refuses creates, /ready is 503 and says why; one that is taken makes it ready again", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "troupe-full-"));
  folders.push(dataDir);
  const store = await openSqliteStore({ dataDir, fileBytesMax: 600_000 });
  const { send, create, engine } = await serveApp({ store });
  await create([{ id: "a", handler: "noop" }]);
  expect((await send("GET", "/ready")).status).toBe(200);
  const large = { name: "large", dag: { nodes: [{ id: "a", handler: "input", config: { text: "x".repeat(900_000) } }] } };
  const refused = await send("POST", "/workflows", large);
  expect(refused.status).toBe(503);
  const ready = await send("GET", "/ready");
  expect([ready.status, ready.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(String(ready.json.detail)).toContain("full");
  expect(String(refused.json.detail)).toBe(String(ready.json.detail));
  expect((await send("GET", "/health")).status).toBe(200);
  await create([{ id: "a", handler: "noop" }]);
  expect((await send("GET", "/ready")).status).toBe(200);
  await engine.stop(0);
});

/** The file's tables: every list is a range of an index, and a file of an earlier build is opened as it is, and left fit for it. */
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../../../src/store/sqlite/thread/schema.ts";
import { listed } from "../../../../src/store/sqlite/thread/list-query.ts";
import { openSqliteStore } from "../../../../src/store/sqlite/sqlite-store.ts";
import type { ListQuery } from "../../../../src/store/store.ts";
import { createAsFirst, endAsFirst, FIRST_TABLES, listAsFirst } from "../fixtures/first-tables.ts";

let dataDir: string;
let file: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "troupe-schema-"));
  file = join(dataDir, "troupe.db");
});
afterEach(() => rmSync(dataDir, { recursive: true }));

describe("a page of a list", () => {
  const before = { createdAtMs: 5, id: "e" };
  const queries: [string, Partial<ListQuery>][] = [
    ["of all", {}],
    ["by status", { status: "RUNNING" }],
    ["by name", { name: "x" }],
    ["by tag", { tag: "red" }],
    ["by tag and status", { tag: "red", status: "COMPLETED" }],
    ["of all, further on", { before }],
    ["by tag and status, further on", { tag: "red", status: "COMPLETED", before }],
  ];
  test.each(queries)("%s is read from ranges of indexes, in their order", (_, query) => {
    const db = openDatabase(file, { busyTimeoutMs: 10, fileBytesMax: null });
    const { sql, values } = listed({ limit: 50, ...query });
    const plan = db
      .query(`EXPLAIN QUERY PLAN ${sql}`)
      .values(...values)
      .map((row) => String(row[3]));
    db.close();
    // A range of a table has its conditions behind it; a walk through all has none.
    for (const step of plan.filter((each) => /^(SCAN|SEARCH) (summary|tag)\b/.test(each))) expect(step).toMatch(/^SEARCH .*\(.*[=<].*\)$/);
    if (query.tag !== undefined || query.name !== undefined) expect(plan.join("\n")).not.toContain("TEMP B-TREE");
    if (query.tag !== undefined && query.status !== undefined)
      expect(plan.join("\n")).toContain("tag_execution_status (tag=? AND execution_status=?");
  });
});

describe("a file of the first build", () => {
  beforeEach(() => {
    const db = new Database(file, { create: true });
    db.run(FIRST_TABLES);
    db.close();
    createAsFirst(file, "ended", "red", "COMPLETED");
    createAsFirst(file, "new", "red", "PENDING");
  });

  const idsOf = async (query: Partial<ListQuery>): Promise<readonly string[]> => {
    const store = await openSqliteStore({ dataDir });
    const found = await store.list({ limit: 10, ...query });
    await store.close();
    return found.map(({ id }) => id);
  };

  test("is opened, and listed by whatever is asked", async () => {
    expect(await idsOf({})).toEqual(["new", "ended"]);
    expect(await idsOf({ status: "COMPLETED" })).toEqual(["ended"]);
    expect(await idsOf({ tag: "red", status: "PENDING" })).toEqual(["new"]);
    expect(await idsOf({ tag: "red", status: "COMPLETED" })).toEqual(["ended"]);
  });

  test("is fit for the first build again: what that writes is listed right by the next", async () => {
    await idsOf({});
    createAsFirst(file, "later", "red", "PENDING");
    endAsFirst(file, "new");
    expect(await idsOf({ tag: "red", status: "FAILED" })).toEqual(["new"]);
    expect(await idsOf({ tag: "red", status: "PENDING" })).toEqual(["later"]);
    expect(await idsOf({ status: "FAILED" })).toEqual(["new"]);
  });

  test("is listed by the first build again, whatever it asks for", async () => {
    await idsOf({});
    expect(listAsFirst(file, {})).toEqual(["new", "ended"]);
    expect(listAsFirst(file, { tag: "red" })).toEqual(["new", "ended"]);
    expect(listAsFirst(file, { tag: "red", status: "PENDING", name: "a workflow" })).toEqual(["new"]);
    expect(listAsFirst(file, { status: "COMPLETED" })).toEqual(["ended"]);
  });

  test("has the same indexes as a new one", async () => {
    const objects = (path: string): unknown => {
      const db = openDatabase(path, { busyTimeoutMs: 10, fileBytesMax: null });
      const found = db.query("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name").values();
      db.close();
      return found;
    };
    expect(objects(file)).toEqual(objects(join(dataDir, "other.db")));
  });
});

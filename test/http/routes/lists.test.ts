/** Lists: newest first, in pages whose cursors stay where they are. */
import { describe, expect, test } from "bun:test";
import { serveApp } from "../served.ts";

const nodes = [{ id: "a", handler: "noop" }];
type Page = {
  readonly workflows: readonly { readonly execution_id: string; readonly name: string }[];
  readonly next_cursor: string | null;
};

describe("GET /workflows", () => {
  test("is newest first, with what is needed to show it", async () => {
    const { send, create, run } = await serveApp();
    const first = await create(nodes, { name: "first", tags: ["x"] });
    await run(first);
    const second = await create(nodes, { name: "second" });
    const { workflows, next_cursor } = (await send("GET", "/workflows")).json as Page;
    expect(next_cursor).toBeNull();
    expect(workflows.map(({ execution_id }) => execution_id)).toEqual([second, first]);
    expect(workflows[1]).toMatchObject({
      name: "first",
      status: "COMPLETED",
      tags: ["x"],
      error: null,
      progress: { total: 1, completed: 1, failed: 0, percentage: 100 },
    });
    expect(workflows[0]).toMatchObject({ status: "PENDING", triggered_at: null, finished_at: null });
  });

  test("filters by status, name and tag", async () => {
    const { send, create, run } = await serveApp();
    await run(await create(nodes, { name: "a", tags: ["red", "blue"] }));
    await create(nodes, { name: "a", tags: ["red"] });
    await create(nodes, { name: "b c" });
    const count = async (query: string) => ((await send("GET", `/workflows?${query}`)).json as Page).workflows.length;
    expect([await count("status=COMPLETED"), await count("status=FAILED")]).toEqual([1, 0]);
    expect([await count("name=a"), await count("name=b%20c"), await count("name=A")]).toEqual([2, 1, 0]);
    expect([await count("tag=red"), await count("tag=blue"), await count("tag=red&status=PENDING")]).toEqual([2, 1, 1]);
  });

  test("shows each of the old ones once, page by page, while new ones come in", async () => {
    const { send, create } = await serveApp();
    const old: string[] = [];
    for (let made = 0; made < 7; made++) old.unshift(await create(nodes, { tags: ["t"] }));
    const seen: string[] = [];
    let path: string | null = "/workflows?tag=t&limit=3";
    while (path !== null) {
      const page = await send("GET", path);
      const { workflows, next_cursor } = page.json as Page;
      seen.push(...workflows.map(({ execution_id }) => execution_id));
      const link = /^<([^>]+)>; rel="next"$/.exec(page.headers.get("link") ?? "")?.[1] ?? null;
      expect(link === null).toBe(next_cursor === null);
      if (link !== null) expect(new URL(link, "http://x").searchParams.get("cursor")).toBe(next_cursor);
      path = link;
      await create(nodes, { tags: ["t"] });
    }
    expect(seen).toEqual(old);
  });

  test("a full last page ends the list", async () => {
    const { send, create } = await serveApp();
    for (let made = 0; made < 4; made++) await create(nodes);
    const { next_cursor } = (await send("GET", "/workflows?limit=2")).json as Page;
    const last = await send("GET", `/workflows?limit=2&cursor=${next_cursor}`);
    expect([(last.json as Page).workflows.length, last.json.next_cursor, last.headers.get("link")]).toEqual([2, null, null]);
  });
});

describe("GET /api/workflows", () => {
  test("is a bare array, newest first, and Link leads on", async () => {
    const { send } = await serveApp();
    const steps = [{ execution_type: "sequential", tasks: [{ name: "task_a" }] }];
    for (const name of ["one", "two", "three"]) await send("POST", "/api/workflow", { name, steps });
    const names = (text: string) => (JSON.parse(text) as { name: string }[]).map(({ name }) => name);
    const all = await send("GET", "/api/workflows");
    expect([names(all.text), all.headers.get("link")]).toEqual([["three", "two", "one"], null]);
    const first = await send("GET", "/api/workflows?limit=2");
    expect(names(first.text)).toEqual(["three", "two"]);
    const next = /^<([^>]+)>; rel="next"$/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
    expect(names((await send("GET", next)).text)).toEqual(["one"]);
  });

  test("ends a page early where it would be very large", async () => {
    const { send, create, run } = await serveApp();
    const large = [{ id: "a", handler: "big", config: { characters: 9_000_000 } }];
    for (const name of ["one", "two", "three"]) await run(await create(large, { name }));
    const first = await send("GET", "/api/workflows");
    expect((JSON.parse(first.text) as object[]).length).toBe(1);
    expect(first.headers.get("link")).toContain("cursor=");
  });

  test("is empty where there is nothing", async () => {
    const { send } = await serveApp();
    expect((await send("GET", "/api/workflows")).text).toBe("[]");
  });
});

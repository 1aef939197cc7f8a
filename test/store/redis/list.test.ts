/** The list in Redis: what a page costs, and that it is right however few of many pass its filters, on one server and on a Cluster. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { SharedStore } from "../../../src/store/shared-store.ts";
import type { ListQuery, Summary } from "../../../src/store/store.ts";
import { type RedisCluster, startRedisCluster } from "../../services/redis-cluster.ts";
import { newExecution } from "../made.ts";
import { RedisGround } from "./ground.ts";

const EXECUTIONS = 6_000;
const PAGE = 50;

const ground = new RedisGround({ stores: { outbox: false } });

/** Three of each millisecond; half and half by name; one of ten with a tag, one of a thousand failed, none of those with the tag "ten". */
async function fill(store: SharedStore): Promise<readonly Summary[]> {
  const made = Array.from({ length: EXECUTIONS }, (_, at) =>
    newExecution(`${at % 2 === 0 ? "x" : "X"}${at}`, {
      createdAtMs: 1_700_000_000_000 + Math.floor(at / 3),
      name: at % 2 === 0 ? "even" : "odd",
      tags: at % 10 === 0 ? ["ten", "all"] : ["all"],
      status: at % 1_000 === 1 ? "FAILED" : "COMPLETED",
    }),
  );
  for (let at = 0; at < made.length; at += 500) await store.create(made.slice(at, at + 500));
  return made.map(({ summary }) => summary).toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1));
}

const queries: readonly Omit<ListQuery, "limit">[] = [
  {},
  { tag: "all" },
  { tag: "ten", status: "COMPLETED" },
  { tag: "all", name: "even", status: "FAILED" },
  { tag: "all", name: "odd", status: "FAILED" },
  { tag: "ten", name: "odd" },
  { tag: "ten", status: "FAILED" },
  { name: "nobody's" },
];

async function expectPages(store: SharedStore, inOrder: readonly Summary[]): Promise<void> {
  for (const query of queries) {
    const { status, name, tag } = query;
    const expected = inOrder.filter((each) => {
      return (status ?? each.status) === each.status && (name ?? each.name) === each.name && (tag === undefined || each.tags.includes(tag));
    });
    const listed: Summary[] = [];
    for (;;) {
      const last = listed.at(-1);
      const limit = expected.length > 1_000 ? 999 : 7;
      const page = await store.list({ ...query, limit, ...(last === undefined ? {} : { before: last }) });
      listed.push(...page);
      if (page.length < limit) break;
    }
    expect([query, listed.map(({ id }) => id)]).toEqual([query, expected.map(({ id }) => id)]);
  }
}

describe("the list in Redis", () => {
  test("is right, page by page, by each filter, also where few of many pass", async () => {
    const store = await ground.open({ lanes: 4 });
    await expectPages(store, await fill(store));
  });

  test("costs two calls a page, whatever it is filtered by: one finds it, one reads its summaries", async () => {
    const store = await ground.open({ lanes: 64 });
    const inOrder = await fill(store);
    await store.list({ limit: 1 });
    const monitor = await ground.admin.monitor();
    const calls: string[] = [];
    monitor.on("monitor", (_time, [name = ""]: string[], source: string) => void (source !== "lua" && calls.push(name.toLowerCase())));
    const trafficOf = async () => Number(/total_net_input_bytes:(\d+)/.exec(await ground.admin.info("stats"))?.[1]);
    for (const query of [
      {},
      { tag: "ten", status: "COMPLETED" },
      { tag: "all", name: "even" },
      { before: inOrder[3_000] as Summary },
    ] as const) {
      const before = await trafficOf();
      calls.length = 0;
      expect(await store.list({ ...query, limit: PAGE })).toHaveLength(PAGE);
      // It is told what came before it.
      await ground.admin.echo("seen");
      while (!calls.includes("echo")) await Bun.sleep(1);
      expect([query, calls.filter((name) => name !== "echo" && name !== "info")]).toEqual([query, ["evalsha", "evalsha"]]);
      expect(((await trafficOf()) - before) / PAGE).toBeLessThan(400);
    }
    monitor.disconnect();
  });
});

describe("the list in a Redis Cluster", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  test("is the same", async () => {
    const store = await ground.open({ address: { nodes: cluster.nodes.map(({ url }) => url) }, lanes: 4 });
    await expectPages(store, await fill(store));
  });
});

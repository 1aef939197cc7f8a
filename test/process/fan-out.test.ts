/** One node, then 10,000 of them, then one that joins them, over HTTP: the results, the reads meanwhile, and a crash in the middle. */
import { afterAll, expect, test } from "bun:test";
import { create, endOf, expectJson, type NodeSpec, resultsOf, type Status, statusOf, summaryOf, trigger } from "./client.ts";
import { until } from "./facts.ts";
import { logsOf, resultsIn } from "./stored-log.ts";
import { endAll, newHome, type Server, startServer } from "./server.ts";

afterAll(endAll);

const WIDE = 10_000;
const TEST_TIMEOUT_MS = 120_000;
/** 10 ms a node, so many at once: it takes a second or more on any machine, which is time enough to look at it and to kill it. */
const SLOW_MS = 10;
const FEW_SLOTS = { APP_SLOTS_PER_THREAD: "50" };
/** Far above what is measured. */
const READ_MS_MAX = 10_000;

function fanOut(node: (n: number) => Pick<NodeSpec, "handler" | "config">): readonly NodeSpec[] {
  const wide = Array.from({ length: WIDE }, (_, n) => ({ id: `w${n}`, dependencies: ["in"], ...node(n) }));
  return [{ id: "in", handler: "noop" }, ...wide, { id: "out", handler: "noop", dependencies: wide.map(({ id }) => id) }];
}

const doubled = (ms: number) => (n: number) => ({ handler: "doubled", config: { n, ms } });

function expectDoubled(results: Readonly<Record<string, unknown>>): void {
  const wrong = Array.from({ length: WIDE }, (_, n) => n).filter((n) => {
    const result = results[`w${n}`] as { readonly n?: number; readonly doubled?: number } | undefined;
    return result?.n !== n || result.doubled !== 2 * n;
  });
  expect(wrong).toEqual([]);
  expect(Object.keys(results).length).toBe(WIDE + 2);
}

test(
  "10,000 noop nodes complete, in the definition's order, each on its first attempt",
  async () => {
    const server = await startServer(newHome());
    const id = await create(
      server,
      "10,000 noops",
      fanOut(() => ({ handler: "noop" })),
    );
    const startedMs = performance.now();
    await trigger(server, id);
    const { status, progress, nodes } = await endOf(server, id);
    say(`10,000 noop nodes over HTTP: ${since(startedMs)} ms from the trigger to the last answer`);
    expect([status, progress]).toEqual(["COMPLETED", { total: WIDE + 2, completed: WIDE + 2, failed: 0, percentage: 100 }]);
    expect(Object.keys(nodes)).toEqual(["in", ...Array.from({ length: WIDE }, (_, n) => `w${n}`), "out"]);
    expect(
      Object.values(nodes).filter(({ state, output, attempts }) => state !== "COMPLETED" || output !== null || attempts !== 1),
    ).toEqual([]);
    expect((await server.end("SIGTERM")).exitCode).toBe(0);
  },
  TEST_TIMEOUT_MS,
);

test(
  "10,000 nodes of a user's handler complete with their own results",
  async () => {
    const server = await startServer(newHome());
    const id = await create(server, "10,000 doubled", fanOut(doubled(0)));
    const startedMs = performance.now();
    await trigger(server, id);
    expect((await endOf(server, id)).status).toBe("COMPLETED");
    say(`10,000 nodes of a user's handler over HTTP: ${since(startedMs)} ms from the trigger to the last answer`);
    expectDoubled(await resultsOf(server, id));
    await server.end("SIGTERM");
  },
  TEST_TIMEOUT_MS,
);

test(
  "reads are answered while 10,000 nodes run",
  async () => {
    const server = await startServer(newHome(), FEW_SLOTS);
    const id = await create(server, "10,000 slow", fanOut(doubled(SLOW_MS)));
    await trigger(server, id);
    const times: Record<"status" | "summary" | "health", number[]> = { status: [], summary: [], health: [] };
    const percentages: number[] = [];
    for (;;) {
      const [health, healthMs] = await timed(() => fetch(`${server.url}/health`));
      expect(await expectJson<{ healthy: boolean }>(health, 200)).toMatchObject({ healthy: true });
      const [summary, summaryMs] = await timed(() => summaryOf(server, id));
      const [full, fullMs] = await timed(() => statusOf(server, id));
      if (full.status !== "RUNNING") break;
      expect(summary.progress.total).toBe(WIDE + 2);
      expect(countOf(full, "COMPLETED")).toBe(full.progress.completed);
      times.health.push(healthMs);
      times.summary.push(summaryMs);
      times.status.push(fullMs);
      percentages.push(full.progress.percentage);
    }
    for (const [what, taken] of Object.entries(times)) say(`GET ${what} while 10,000 nodes run: ${described(taken)}`);
    expect(percentages.length).toBeGreaterThan(2);
    expect(percentages).toEqual(percentages.toSorted((a, b) => a - b));
    expect(Math.max(...times.health, ...times.summary, ...times.status)).toBeLessThan(READ_MS_MAX);
    expect((await endOf(server, id)).status).toBe("COMPLETED");
    expectDoubled(await resultsOf(server, id));
    await server.end("SIGTERM");
  },
  TEST_TIMEOUT_MS,
);

test(
  "kill -9 in the middle of 10,000 nodes and a restart complete them, each with one result",
  async () => {
    const home = newHome();
    const id = await until("a kill between 10 % and 90 % of the nodes", async () => {
      const server = await startServer(home, FEW_SLOTS);
      const id = await create(server, "10,000 and a crash", fanOut(doubled(SLOW_MS)));
      await trigger(server, id);
      const percentage = await until("a tenth of the nodes", async () => atLeast(10, await progressOf(server, id)));
      await server.end("SIGKILL");
      say(`Killed at ${percentage} %`);
      return percentage < 90 ? id : null;
    });
    const server = await startServer(home, FEW_SLOTS);
    expect((await endOf(server, id)).status).toBe("COMPLETED");
    expectDoubled(await resultsOf(server, id));
    await server.end("SIGTERM");
    const results = resultsIn((await logsOf(home, [id])).get(id) ?? []);
    expect(results.length).toBe(WIDE + 2);
    expect(new Set(results.map(({ node }) => node)).size).toBe(WIDE + 2);
  },
  TEST_TIMEOUT_MS,
);

async function progressOf(server: Server, id: string): Promise<number> {
  return (await summaryOf(server, id)).progress.percentage;
}

function atLeast(least: number, value: number): number | null {
  return value > least ? value : null;
}

function countOf({ nodes }: Status, state: string): number {
  return Object.values(nodes).filter((node) => node.state === state).length;
}

async function timed<T>(call: () => Promise<T>): Promise<[T, number]> {
  const startedMs = performance.now();
  return [await call(), performance.now() - startedMs];
}

function described(taken: readonly number[]): string {
  const sorted = taken.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN).toFixed(1);
  return `${sorted.length} times, median ${at(0.5)} ms, longest ${at(1)} ms`;
}

function since(startedMs: number): string {
  return (performance.now() - startedMs).toFixed(0);
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

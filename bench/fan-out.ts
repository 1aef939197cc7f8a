/**
 * 1 → N → 1 and a chain of 200 with `noop` nodes through the whole engine, in memory and on SQLite; beside them what the
 * machine gives without an engine. Timed: from the trigger to the end that a waiting client is told, durable in both cases.
 * `bun bench/fan-out.ts [rounds]`: each round measures everything once, so that a noisy minute harms all figures alike.
 */
import { measure } from "mitata";
import { packedCommits, threadRoundTrips } from "./ceilings.ts";
import { type BenchEngine, chain, fanOut, type StoreKind, startBenchEngine } from "./engine.ts";
import { fsyncMs, load, machineFacts, median } from "./machine.ts";

const THREADS = 2;
const CHAIN = 200;
/** Width, and how many executions a round measures. */
const WIDTHS = [
  [100, 100],
  [1_000, 40],
  [10_000, 16],
] as const;
const CHAINS = 12;
/** mitata runs some before it counts. */
const WARM_UP = 4;
const STORES: readonly StoreKind[] = ["memory", "sqlite"];

const rounds = Number(process.argv[2] ?? 5);
/** Milliseconds: the median of each round, by what was measured. */
const times = new Map<string, number[]>();

await main();

async function main(): Promise<void> {
  console.log(`Fan-out 1 → N → 1 and a chain of ${CHAIN}, noop nodes, ${THREADS} threads, ${rounds} rounds\n${machineFacts()}\n`);
  for (let round = 1; round <= rounds; round++) {
    await ceilings();
    for (const store of STORES) {
      note(`fsync ${store}`, fsyncMs());
      await engineRound(store);
    }
    console.log(`round ${round} done, load ${load()}`);
  }
  report();
  process.exit(0);
}

async function engineRound(store: StoreKind): Promise<void> {
  const bench = await startBenchEngine({ store, threads: THREADS });
  // Everything is compiled by then: the first round must not be another kind of figure than the last.
  await measureRuns(bench, fanOut(1_000), 20);
  for (const [width, runs] of WIDTHS) note(`${store} ${width}`, await measureRuns(bench, fanOut(width), runs));
  note(`${store} chain`, await measureRuns(bench, chain(CHAIN), CHAINS));
  await bench.stop();
}

/** The median, in milliseconds. What is created is not timed: a client creates before it triggers. */
async function measureRuns(bench: BenchEngine, source: unknown, runs: number): Promise<number> {
  const definition = await bench.definition(source);
  const ids: string[] = [];
  for (let i = 0; i < runs + WARM_UP; i++) ids.push(await bench.create(definition));
  let next = 0;
  const stats = await measure(() => bench.run(ids[next++] ?? ""), { min_samples: runs, max_samples: runs });
  await bench.assertCompleted(ids.slice(0, next));
  return stats.p50 / 1e6;
}

async function ceilings(): Promise<void> {
  const [, [, runs], [items]] = WIDTHS;
  const threads = await threadRoundTrips(THREADS);
  const trips = await measure(() => threads.run(items), { min_samples: runs, max_samples: runs });
  note("raw threads", trips.p50 / 1e6);
  threads.stop();
  const sqlite = packedCommits();
  const commits = await measure(async () => sqlite.run(items), { min_samples: runs, max_samples: runs });
  note("raw sqlite", commits.p50 / 1e6);
  sqlite.stop();
}

function note(what: string, ms: number): void {
  times.set(what, [...(times.get(what) ?? []), ms]);
}

function report(): void {
  const [, , [items]] = WIDTHS;
  console.log(`\n${row("", "nodes/s", "(min – max of rounds)", "ms", "µs a node")}`);
  for (const store of STORES) {
    for (const [width] of WIDTHS) printNodes(`${store}, N = ${width.toLocaleString("en")}`, `${store} ${width}`, width + 2);
    const [at1000, at10000] = [1_000, 10_000].map((width) => median(times.get(`${store} ${width}`) ?? []) / (width + 2));
    console.log(`  cost of a node at N = 10,000 relative to N = 1,000: ${((at10000 ?? 0) / (at1000 ?? 0)).toFixed(2)}`);
    const steps = (times.get(`${store} chain`) ?? []).map((ms) => ms / CHAIN);
    console.log(`  chain of ${CHAIN}: ${spread(steps, 3)} ms a step`);
    if (store === "sqlite") console.log(`  the disk's fsync: ${spread(times.get("fsync sqlite") ?? [], 3)} ms`);
  }
  printNodes("raw: to threads and back", "raw threads", items);
  printNodes("raw: packed commits, SQLite", "raw sqlite", items);
}

function printNodes(title: string, what: string, nodes: number): void {
  const ms = times.get(what) ?? [];
  const perSecond = (value: number) => Math.round((nodes / value) * 1_000).toLocaleString("en");
  const range = `(${perSecond(Math.max(...ms))} – ${perSecond(Math.min(...ms))})`;
  const middle = median(ms);
  console.log(row(title, perSecond(middle), range, middle.toFixed(2), ((middle / nodes) * 1_000).toFixed(2)));
}

function row(title: string, perSecond: string, range: string, ms: string, each: string): string {
  return title.padEnd(30) + perSecond.padStart(12) + range.padStart(26) + ms.padStart(10) + each.padStart(12);
}

function spread(values: readonly number[], digits: number): string {
  return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} – ${Math.max(...values).toFixed(digits)})`;
}

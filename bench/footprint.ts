/**
 * What wide executions cost a running server in memory, and what an idle one costs in CPU and disk (Linux: it reads /proc).
 * `bun bench/footprint.ts [width]`; SQLite, two threads, the defaults otherwise.
 */
import { readFileSync } from "node:fs";
import { fanOut } from "./engine.ts";
import { load, machineFacts, median, rssBytesOf } from "./machine.ts";
import { type BenchServer, startBenchServer } from "./server.ts";

const THREADS = 2;
const SMALLER = 10_000;
const TIMES = 5;
const SAMPLE_MS = 20;
/** Longer than the server's threads and collectors take to come to rest. */
const REST_MS = 20_000;
const IDLE_MS = 20_000;
const MIB = 2 ** 20;

const width = Number(process.argv[2] ?? 99_998);

await main();

async function main(): Promise<void> {
  console.log(`Footprint on SQLite, ${THREADS} threads\n${machineFacts()}\n`);
  const server = await startBenchServer("sqlite", THREADS);
  await Bun.sleep(2_000);
  console.log(`after the start          ${mib(rssBytesOf(server.pid))}`);
  await idle(server);

  const small = await several(server, SMALLER);
  await Bun.sleep(REST_MS);
  const before = rssBytesOf(server.pid);
  console.log(`${TIMES} × ${SMALLER + 2} nodes         ${small.msPerNode.toFixed(5)} ms a node, at rest then ${mib(before)}`);
  const large = await several(server, width);
  const perNode = (bytes: number) => Math.round((bytes - before) / (width + 2)).toLocaleString("en");
  console.log(
    `${TIMES} × ${width + 2} nodes        ${large.msPerNode.toFixed(5)} ms a node, ${(large.msPerNode / small.msPerNode).toFixed(2)} times that`,
  );
  console.log(`the most while they ran  ${mib(large.peak)}, ${perNode(large.peak)} bytes a node of one`);
  for (const [n, bytes] of large.after.entries()) console.log(`  at the end of number ${n + 1}  ${mib(bytes)}`);
  await Bun.sleep(REST_MS);
  const after = rssBytesOf(server.pid);
  console.log(`${REST_MS / 1_000} s later               ${mib(after)}, ${perNode(after)} bytes a node of one`);
  await idle(server);
  await server.stop();
  console.log(`load ${load()}`);
  process.exit(0);
}

type Several = { readonly msPerNode: number; readonly peak: number; readonly after: readonly number[] };

/** One execution after the other, by the server's own times. */
async function several(server: BenchServer, middle: number): Promise<Several> {
  const body = JSON.stringify(fanOut(middle));
  const times: number[] = [];
  const after: number[] = [];
  let peak = 0;
  for (let i = 0; i < TIMES; i++) {
    const { execution_id: id } = (await answer(`${server.url}/workflows`, { method: "POST", body })) as { execution_id: string };
    const triggered = answer(`${server.url}/workflows/${id}/trigger`, { method: "POST" });
    for (;;) {
      const { status, started_at, finished_at } = (await answer(`${server.url}/workflows/${id}?view=summary`)) as Summary;
      peak = Math.max(peak, rssBytesOf(server.pid));
      if (finished_at !== null && started_at !== null) {
        if (status !== "COMPLETED") throw new Error(`The execution is ${status}.`);
        times.push((Date.parse(finished_at) - Date.parse(started_at)) / (middle + 2));
        break;
      }
      await Bun.sleep(SAMPLE_MS);
    }
    await triggered;
    after.push(rssBytesOf(server.pid));
  }
  return { msPerNode: median(times), peak, after };
}

type Summary = { readonly status: string; readonly started_at: string | null; readonly finished_at: string | null };

async function answer(url: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(url, { ...init, headers: { "content-type": "application/json" } });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return response.json();
}

async function idle({ pid }: BenchServer): Promise<void> {
  const [cpuMs, written] = [cpuMsOf(pid), bytesWrittenBy(pid)];
  await Bun.sleep(IDLE_MS);
  const share = ((cpuMsOf(pid) - cpuMs) / IDLE_MS) * 100;
  console.log(`idle for ${IDLE_MS / 1_000} s            ${share.toFixed(2)} % of a core, ${bytesWrittenBy(pid) - written} bytes written`);
}

/** All threads of it, user and system. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const TICK_MS = 10;
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function bytesWrittenBy(pid: number): number {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(0)} MiB`;
}

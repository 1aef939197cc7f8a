/**
 * Memory of a running execution of n nodes, in a server of its own (Linux: it reads /proc). Twice a round: with noop nodes, for the most
 * that the process holds and what it keeps; then with nodes that stop at a gate, for what is alive in the middle.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchFolder, THREADS } from "../bench-engine.ts";
import { type BenchServer, startBenchServer } from "../bench-server.ts";
import { type Case, needed } from "../case.ts";
import { fanOut } from "../definitions.ts";
import { rssBytesOf } from "../facts.ts";
import { assertCompleted, untilAllEnded, untilHealth, withClients } from "../http-client.ts";

const NODES = 100_000;
const WARM_NODES = 10_000;
const WARM_TIMES = 3;
/** After an execution's end, until what it used should be given back. */
const REST_MS = 5_000;
/** Attempts that the server's threads hold at once, by the default settings; the others are ready and wait for them. */
const SLOTS = THREADS * 5_000;
/** Seldom: answers are memory too. */
const POLL_MS = 20;
const MIB = 2 ** 20;

export const footprintCase: Case = {
  name: "footprint",
  title: "memory of an execution of n nodes: what is alive in its middle, the most that the process holds, and what it keeps 5 s after",
  async start(variant, services) {
    const nodes = variant.n ?? NODES;
    const dir = benchFolder();
    const gate = gateIn(dir);
    const server = await startBenchServer({
      store: needed(variant.store ?? null),
      services,
      environment: { APP_HANDLERS_DIR: join(dir, "handlers") },
      probe: true,
    });
    gate.open();
    for (let i = 0; i < WARM_TIMES; i++) await runToEnd(server, fanOut(WARM_NODES, { handler: i === 0 ? "gate" : "noop" }));
    await Bun.sleep(REST_MS);
    const baseline = rssBytesOf(server.pid);
    const baselineLive = await server.liveBytes();
    return {
      async round() {
        const before = await server.liveBytes();
        gate.close();
        const id = await begin(server, fanOut(nodes - 2, { handler: "gate" }));
        await withClients(server.url, 1, (_, client) =>
          untilHealth(client, POLL_MS, ({ pool }) => pool.begun >= Math.min(nodes - 2, SLOTS)),
        );
        const live = (await server.liveBytes()) - before;
        gate.open();
        await untilEnded(server, id);

        forgetMostRss(server.pid);
        await runToEnd(server, fanOut(nodes - 2));
        const most = mostRssBytesOf(server.pid);
        await Bun.sleep(REST_MS);
        const rss = rssBytesOf(server.pid);
        const keptLive = (await server.liveBytes()) - baselineLive;
        return {
          "bytes a node, live": live / nodes,
          "bytes a node, RSS at most": (most - baseline) / nodes,
          "MiB kept": (rss - baseline) / MIB,
          "MiB kept, live": keptLive / MIB,
        };
      },
      async stop() {
        await server.stop();
        rmSync(dir, { recursive: true, force: true });
      },
    };
  },
};

/** Created and triggered; its id. */
async function begin({ url }: BenchServer, definition: unknown): Promise<string> {
  const { execution_id: id } = (await post(`${url}/workflows`, JSON.stringify(definition))) as { execution_id: string };
  await post(`${url}/workflows/${id}/trigger`, "");
  return id;
}

async function runToEnd(server: BenchServer, definition: unknown): Promise<void> {
  await untilEnded(server, await begin(server, definition));
}

function untilEnded({ url }: BenchServer, id: string): Promise<void> {
  return withClients(url, 1, async (_, client) => {
    await untilAllEnded(client, POLL_MS);
    await assertCompleted(client, id);
  });
}

async function post(url: string, body: string): Promise<unknown> {
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return await response.json();
}

/** A handler whose nodes wait while it is closed. */
function gateIn(dir: string): { open(): void; close(): void } {
  const sign = join(dir, "open");
  mkdirSync(join(dir, "handlers"));
  writeFileSync(
    join(dir, "handlers", "gate.ts"),
    `import { existsSync } from "node:fs";
import { defineHandler } from "troupe";
const sign = ${JSON.stringify(sign)};
let opening = null;
export default defineHandler({ name: "gate", run: () => (existsSync(sign) ? null : (opening ??= untilOpen())) });
async function untilOpen() {
  while (!existsSync(sign)) await Bun.sleep(20);
  opening = null;
  return null;
}
`,
  );
  return { open: () => writeFileSync(sign, ""), close: () => rmSync(sign) };
}

/** From now on the most is counted anew. */
function forgetMostRss(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

function mostRssBytesOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1_024;
}

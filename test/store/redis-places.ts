/** A redis-server and a Redis Cluster for this process's tests: started when they are first asked for, gone with the process. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

export type RunningRedis = {
  readonly url: string;
  readonly port: number;
  pause(): void;
  resume(): void;
  /** kill -9, and started again on the same port and files. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const { port } = server;
  server.stop(true);
  return port;
}

export async function startRedis(...flags: string[]): Promise<RunningRedis> {
  const dir = mkdtempSync(join(tmpdir(), "troupe-redis-"));
  const port = freePort();
  const spawn = () =>
    Bun.spawn(["redis-server", "--port", String(port), "--save", "", "--dir", dir, "--bind", "127.0.0.1", ...flags], {
      stdout: "ignore",
      stderr: "inherit",
    });
  const ready = async () => {
    const probe = new Redis(port, "127.0.0.1", { retryStrategy: () => 20, maxRetriesPerRequest: null });
    probe.on("error", () => undefined);
    await probe.ping();
    probe.disconnect();
  };
  let child = spawn();
  await ready();
  const stop = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    async restart() {
      await stop();
      child = spawn();
      await ready();
    },
    stop,
  };
}

export async function startRedisCluster(count = 3) {
  const nodes = await Promise.all(
    Array.from({ length: count }, () =>
      startRedis("--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--appendonly", "yes"),
    ),
  );
  const share = Math.ceil(16384 / nodes.length);
  const clients = nodes.map(({ port }) => new Redis(port, "127.0.0.1"));
  for (const [at, client] of clients.entries()) {
    await client.call("CLUSTER", "ADDSLOTSRANGE", String(at * share), String(Math.min(16383, (at + 1) * share - 1)));
    await client.call("CLUSTER", "SET-CONFIG-EPOCH", String(at + 1));
    await client.call("CLUSTER", "MEET", "127.0.0.1", String(nodes[0]?.port));
  }
  for (const client of clients) {
    while (!String(await client.call("CLUSTER", "INFO")).includes("cluster_state:ok")) await Bun.sleep(20);
    client.disconnect();
  }
  return { urls: nodes.map(({ url }) => url), nodes };
}

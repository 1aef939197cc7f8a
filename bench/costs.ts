/** What a stretch of work cost, counted: CPU of this process, of Redis and of Kafka, calls and bytes. Counts vary less than times on a busy machine. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { RedisClient } from "bun";
import type { Measured, ServicesOfRun } from "./case.ts";

export type Costs = {
  /** From here on. */
  begin(): Promise<void>;
  /** Since `begin`, for each of so many nodes. */
  perNode(nodes: number): Promise<Measured>;
  close(): void;
};

type Snapshot = {
  readonly cpuUs: number;
  readonly mainUs: number;
  readonly redis: { readonly cpuUs: number; readonly calls: number; readonly bytesIn: number; readonly memory: number } | null;
  readonly kafka: { readonly cpuUs: number; readonly bytes: number } | null;
};

const TICK_US = 10_000;

export function countCosts({ redis, kafka }: ServicesOfRun): Costs {
  const probe = redis === null ? null : new RedisClient(redis.url);
  let before: Snapshot | null = null;

  async function snapshot(): Promise<Snapshot> {
    const { user, system } = process.cpuUsage();
    return {
      cpuUs: user + system,
      mainUs: mainThreadUs(),
      redis: probe === null ? null : redisCosts(String(await probe.send("INFO", ["everything"]))),
      kafka: kafka === null ? null : { cpuUs: cpuUsOf(kafka.pid), bytes: bytesUnder(kafka.dataDir, kafka.prefix) },
    };
  }

  return {
    async begin() {
      before = await snapshot();
    },
    async perNode(nodes) {
      if (before === null) throw new Error("Costs are counted from `begin` on.");
      const now = await snapshot();
      const each = (after: number, earlier: number): number => (after - earlier) / nodes;
      return {
        "µs CPU a node": each(now.cpuUs, before.cpuUs),
        "µs main thread a node": each(now.mainUs, before.mainUs),
        ...(now.redis !== null &&
          before.redis !== null && {
            "µs Redis CPU a node": each(now.redis.cpuUs, before.redis.cpuUs),
            "Redis calls a node": each(now.redis.calls, before.redis.calls),
            "Redis bytes a node": each(now.redis.bytesIn, before.redis.bytesIn),
            "Redis memory a node": each(now.redis.memory, before.redis.memory),
          }),
        ...(now.kafka !== null &&
          before.kafka !== null && {
            "µs Kafka CPU a node": each(now.kafka.cpuUs, before.kafka.cpuUs),
            "Kafka bytes a node": each(now.kafka.bytes, before.kafka.bytes),
          }),
      };
    },
    close: () => probe?.close(),
  };
}

function redisCosts(info: string): NonNullable<Snapshot["redis"]> {
  const value = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(info)?.[1]);
  // Writes are scripts; what a script does inside is counted by Redis as commands too, so they are left out.
  const scripts = Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(info)?.[1] ?? 0);
  return {
    cpuUs: (value("used_cpu_user") + value("used_cpu_sys")) * 1e6,
    calls: scripts,
    bytesIn: value("total_net_input_bytes"),
    memory: value("used_memory"),
  };
}

/** Of the thread that decides and commits: what no number of cores makes quicker (Linux). */
function mainThreadUs(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]) / 1_000;
}

/** All threads of a process, user and system (Linux). */
export function cpuUsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** To a disk, not to its cache or to a socket (Linux). */
export function bytesWrittenBy(pid: number): number {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
}

/** All files of a folder. One that goes meanwhile counts nothing. */
export function bytesIn(dir: string): number {
  let bytes = 0;
  for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
    const found = statSync(join(dir, name), { throwIfNoEntry: false });
    if (found?.isFile()) bytes += found.size;
  }
  return bytes;
}

/** Of the folders whose names begin so: a topic's partitions. */
function bytesUnder(dataDir: string, prefix: string): number {
  let bytes = 0;
  for (const folder of readdirSync(dataDir)) {
    if (!folder.startsWith(prefix)) continue;
    for (const file of readdirSync(join(dataDir, folder))) if (file.endsWith(".log")) bytes += statSync(join(dataDir, folder, file)).size;
  }
  return bytes;
}

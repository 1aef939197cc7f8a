/** A Redis with a replica that can be made to lag, and be promoted in its master's place: a fail-over that loses. */
import { until } from "../process/facts.ts";
import { startProxy, type WireProxy } from "../services/proxy.ts";
import { askRedis, type RedisOptions, type RedisService, startRedis } from "../services/redis.ts";

export type Replication = {
  /** Who is the master now. */
  readonly master: RedisService;
  /** The replica hears nothing more. Answers since when: it has everything that the master had acknowledged before. */
  lag(): Promise<number>;
  /** `kill -9` of the master; the replica is the master, with what it has. */
  promote(): Promise<void>;
  /** The master gets a new replica, which has everything. */
  follow(): Promise<void>;
  /** Of all but the first master, which its starter stops. */
  stop(): Promise<void>;
};

export async function startReplication(first: RedisService, appendOnly: RedisOptions["appendOnly"] = "no"): Promise<Replication> {
  const replicas: RedisService[] = [];
  let master = first;
  let link: WireProxy | null = null;
  let replica: RedisService | null = null;

  async function follow(): Promise<void> {
    link?.close();
    await askRedis(master.port, "CONFIG", "SET", "repl-diskless-sync-delay", "0");
    const next = startProxy(master.port);
    link = next;
    const started = await startRedis({ appendOnly, flags: ["--replicaof", `127.0.0.1 ${next.port}`] });
    replicas.push(started);
    replica = started;
    await until("the replica to have what its master has", async () => {
      const told = await replicationOf(started);
      return told.get("master_link_status") === "up" && offsetIn(told) >= offsetIn(await replicationOf(master));
    });
  }

  await follow();
  return {
    get master() {
      return master;
    },
    async lag() {
      const [behind, sinceMs] = [replicaOf(replica), Date.now()];
      const offset = offsetIn(await replicationOf(master));
      await until("the replica to have what was acknowledged", async () => offsetIn(await replicationOf(behind)) >= offset);
      link?.loseReplies();
      return sinceMs;
    },
    async promote() {
      const promoted = replicaOf(replica);
      await master.kill9();
      await askRedis(promoted.port, "REPLICAOF", "NO", "ONE");
      master = promoted;
      replica = null;
    },
    follow,
    async stop() {
      link?.close();
      await Promise.all(replicas.map((each) => each.stop()));
    },
  };
}

function replicaOf(replica: RedisService | null): RedisService {
  if (replica === null) throw new Error("The master has no replica: the last one was promoted, and nobody follows it.");
  return replica;
}

async function replicationOf({ port }: RedisService): Promise<ReadonlyMap<string, string>> {
  const lines = String(await askRedis(port, "INFO", "replication")).split("\r\n");
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}

/** How much of the stream of writes it has made, or has got. */
function offsetIn(told: ReadonlyMap<string, string>): number {
  return Number(told.get("master_repl_offset"));
}

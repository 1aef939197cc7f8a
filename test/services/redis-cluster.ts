/** A Redis Cluster of three masters without replicas: what a single server lets pass (keys across slots, MOVED, ASK) shows there. */
import { freePort } from "./ports.ts";
import { askRedis, type RedisService, startRedis } from "./redis.ts";
import { onFreePort } from "./service.ts";

const NODES = 3;
const SLOTS = 16_384;
const NODE_TIMEOUT_MS = 5_000;
const PAUSE_MS = 20;
const DEADLINE_MS = 60_000;

export type RedisCluster = {
  /** Each with its host, port and url; the first is as good an entry as the others. */
  readonly nodes: readonly RedisService[];
  stop(): Promise<void>;
};

/** Resolves when each node says that the cluster is well and knows all slots. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const flags = ["--cluster-enabled", "yes", "--cluster-node-timeout", `${NODE_TIMEOUT_MS}`];
  // Another process may take either of a node's two ports first.
  const start = (busPort: number) => startRedis({ flags: [...flags, "--cluster-port", `${busPort}`] }).then((node) => ({ node, busPort }));
  const started = await Promise.allSettled(Array.from({ length: NODES }, () => onFreePort(undefined, freePort, start)));
  const members = started.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const nodes = members.map(({ node }) => node);
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    for (const each of started) if (each.status === "rejected") throw each.reason;
    await introduce(
      nodes,
      members.map(({ busPort }) => busPort),
    );
    return { nodes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function introduce(nodes: readonly RedisService[], busPorts: readonly number[]): Promise<void> {
  const share = Math.ceil(SLOTS / nodes.length);
  for (const [at, { port }] of nodes.entries()) {
    await askRedis(port, "CLUSTER", "ADDSLOTSRANGE", `${at * share}`, `${Math.min(SLOTS, (at + 1) * share) - 1}`);
    // Masters with the same epoch would first have to agree on new ones.
    await askRedis(port, "CLUSTER", "SET-CONFIG-EPOCH", `${at + 1}`);
  }
  const first = nodes[0]?.port ?? 0;
  for (const [at, { host, port }] of nodes.entries()) {
    if (at > 0) await askRedis(first, "CLUSTER", "MEET", host, `${port}`, `${busPorts[at]}`);
  }
  const endMs = performance.now() + DEADLINE_MS;
  for (const { port } of nodes) {
    for (let info = ""; !isWell(info); await Bun.sleep(PAUSE_MS)) {
      if (performance.now() > endMs)
        throw new Error(`The Redis Cluster was not ready within ${DEADLINE_MS / 1000} s. CLUSTER INFO:\n${info}`);
      info = String(await askRedis(port, "CLUSTER", "INFO"));
    }
  }
}

function isWell(info: string): boolean {
  return [`cluster_state:ok`, `cluster_slots_ok:${SLOTS}`, `cluster_known_nodes:${NODES}`].every((line) => info.includes(`${line}\r\n`));
}

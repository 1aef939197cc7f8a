/** A real redis-server for tests, benchmarks and developers. It starts in 0.1 s, so a test file has one of its own. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { RedisClient } from "bun";
import { redisServer } from "../../scripts/services-redis.ts";
import { keptFolder } from "./keeper.ts";
import { freePort } from "./ports.ts";
import { onFreePort, type Service, startService } from "./service.ts";

const HOST = "127.0.0.1";
const PROBE_TIMEOUT_MS = 2_000;
const STOP_GRACE_MS = 5_000;
/** Of one server, for `freshRedis`. An empty one costs nothing. */
const DATABASES = 4_096;

export type RedisService = Service & { readonly url: string; readonly host: string };

export type RedisOptions = {
  /** `no` (default): memory only. Else the append-only file with that `appendfsync`. */
  readonly appendOnly?: "no" | "everysec" | "always";
  readonly port?: number;
  /** Where it keeps its files; stays there after `stop`. Without it a folder of its own that goes with it. */
  readonly dir?: string;
  /** More of redis-server's settings, for example `["--maxmemory", "100mb"]`. */
  readonly flags?: readonly string[];
};

/** Resolves when the server answers PING. */
export function startRedis({ appendOnly = "no", port: given, dir: givenDir, flags = [] }: RedisOptions = {}): Promise<RedisService> {
  const server = redisServer();
  const dir = givenDir ?? keptFolder("redis");
  const dataDir = join(dir, "data");
  return onFreePort(given, freePort, async (port) => {
    const service = await startService({
      name: "Redis",
      port,
      dir,
      isDirOurs: givenDir === undefined,
      dataDir,
      command: [
        ...[server, "--port", `${port}`, "--bind", HOST, "--dir", dataDir, "--databases", `${DATABASES}`],
        ...["--save", "", "--appendonly", appendOnly === "no" ? "no" : "yes"],
        ...(appendOnly === "no" ? [] : ["--appendfsync", appendOnly]),
        ...flags,
      ],
      prepare: () => mkdirSync(dataDir, { recursive: true }),
      isReady: async () => (await askRedis(port, "PING")) === "PONG",
      stopGraceMs: STOP_GRACE_MS,
    });
    return Object.defineProperties(service as RedisService, {
      url: { value: `redis://${HOST}:${port}`, enumerable: true },
      host: { value: HOST, enumerable: true },
    });
  });
}

let own: Promise<RedisService> | undefined;
let databasesUsed = 0;

/**
 * The URL of an empty database, never given before, of a server that all callers in one test file share and that goes with the
 * file. Pub/sub channels are the same in all databases of a server: where that matters, `startRedis`.
 */
export async function freshRedis(): Promise<string> {
  own ??= startRedis();
  const { url } = await own;
  if (databasesUsed === DATABASES) throw new Error(`One test file may use ${DATABASES} fresh databases: start a server with startRedis().`);
  databasesUsed += 1;
  return `${url}/${databasesUsed - 1}`;
}

/** One command on a connection of its own, for starting services: tests use the project's own client. Rejects with what Redis says. */
export async function askRedis(port: number, command: string, ...args: readonly string[]): Promise<unknown> {
  const client = new RedisClient(`redis://${HOST}:${port}`, {
    autoReconnect: false,
    connectionTimeout: PROBE_TIMEOUT_MS,
    idleTimeout: PROBE_TIMEOUT_MS,
  });
  try {
    return await client.send(command, [...args]);
  } finally {
    client.close();
  }
}

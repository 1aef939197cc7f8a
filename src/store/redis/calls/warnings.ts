/** Warnings about servers that are set up in a way that may lose data: sentences for the log at a start. */
import type { RedisConnection, RedisServer } from "./connection.ts";

const MAJOR_MIN = 7;

export async function warningsOf(connection: RedisConnection): Promise<readonly string[]> {
  const all = await Promise.all(connection.servers().map(warningsOfServer));
  return [...new Set(all.flat())];
}

async function warningsOfServer(server: RedisServer): Promise<string[]> {
  const warnings: string[] = [];
  const version = /redis_version:(\S+)/.exec(String(await server.call("info", "server")))?.[1] ?? "unknown";
  if (Number.parseInt(version, 10) < MAJOR_MIN) {
    warnings.push(`Redis is version ${version}; Troupe is tested with ${MAJOR_MIN} and later.`);
  }
  const [appendOnly, policy] = await Promise.all([settingOf(server, "appendonly"), settingOf(server, "maxmemory-policy")]);
  if (appendOnly === null || policy === null) {
    warnings.push(
      "Redis does not show its settings: make sure that it keeps an append-only file (appendonly yes) and evicts nothing (maxmemory-policy noeviction).",
    );
  }
  if (appendOnly === "no") {
    warnings.push("Redis keeps no append-only file: a restart of it loses executions. Set appendonly yes.");
  }
  if (policy !== null && policy !== "noeviction") {
    warnings.push(`Redis evicts keys when its memory is full (maxmemory-policy ${policy}), and with them executions. Set noeviction.`);
  }
  return warnings;
}

/** The value of a setting; null if it may not be asked: managed servers often forbid CONFIG. */
async function settingOf(server: RedisServer, name: string): Promise<string | null> {
  try {
    const [, value] = (await server.call("config", "get", name)) as readonly string[];
    return value ?? null;
  } catch (error) {
    if (error instanceof Error && /unknown command|NOPERM|not allowed|disabled/i.test(error.message)) return null;
    throw error;
  }
}

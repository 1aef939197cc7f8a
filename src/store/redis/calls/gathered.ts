/** The scripts that are called for many lanes at a time, and their connections: renewals never wait behind commits. */
import type { RedisConnection } from "./connection.ts";
import { createPartCalls, type PartCalls } from "./part-calls.ts";
import { type Script, scripts } from "./scripts.ts";

export type GatheredScripts = {
  readonly commits: PartCalls;
  readonly creates: PartCalls;
  readonly summaries: PartCalls;
  readonly trims: PartCalls;
  readonly renewals: PartCalls;
  readonly views: PartCalls;
};

type Connections = { readonly work: RedisConnection; readonly leases: RedisConnection };

/** The callers of these scripts. `gathers`: false if lanes are on several servers. */
export function gatherScripts({ work, leases }: Connections, token: string, gathers: boolean): GatheredScripts {
  const on = (connection: RedisConnection, script: Script) => createPartCalls({ connection, token, script, gathers });
  return {
    commits: on(work, scripts.commit),
    creates: on(work, scripts.create),
    summaries: on(work, scripts.summary),
    trims: on(work, scripts.relayed),
    renewals: on(leases, scripts.renew),
    views: on(leases, scripts.lease),
  };
}

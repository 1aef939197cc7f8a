/**
 * The names of all keys in Redis, and what each holds. All keys of a lane share a hash tag, `troupe:{17}:…`, so that one script may use
 * them together, also in a Redis Cluster.
 */

/** The hash that is the first of every script's keys: it holds the data token. */
const RECORD = "lane";

export type LaneKeys = {
  /**
   * Hash, one per lane, made when the store is first used and never again. `token`; the lease: `boot`, `epoch`, `until` (Redis's clock,
   * ms), `free` (1: released), `died`, `clean`; the last commit: `number`, `answer`; counters: `births`, `outbox_last`, `outbox_bytes`,
   * `command_sequence`, `offer_sequence`; `offered`, the last batch of offers under this lease; `level`, below which no instance takes the
   * lane or claims in it.
   */
  readonly record: string;
  /** Sorted set of the executions that are triggered and not closed, by the time of their trigger. */
  readonly active: string;
  /** Sorted set without scores in which lists and retention find executions (index-keys.ts has its members' forms). */
  readonly index: string;
  /**
   * Stream of pointers to what the bus shall get, one entry per commit or create, with its number and its bytes as id: `e` epoch, `p` a
   * line for each execution.
   */
  readonly outbox: string;
  /** Stream of commands for the lane's owner: `i` id, `x` execution, `b` body. */
  readonly commands: string;
  /** Hash: the number of executions that name a definition, by its hash. */
  readonly definitions: string;
  /** Hash: who claimed an offer (nobody: empty), a newline, its execution. By the offer's id. */
  readonly offers: string;
  /** Hash: an offer's body, by its id. */
  readonly offerBodies: string;
  /** Sorted set of the ids of unclaimed offers, by the time of their offer. */
  readonly unclaimed: string;
  /** Hash: the number of a boot's last claim and the ids that it got, one per line. It expires an hour after the last claim. */
  readonly claims: string;
  /** String: an execution's summary, its changing part (summary.ts has its form). The execution exists if this key exists. */
  summary(execution: string): string;
  /** List: what the execution was created with (the body's hash, a newline, JSON), then its chunks (`from to`, a newline, the text). */
  log(execution: string): string;
  /** Hash: the execution's texts that are kept apart, by their keys. */
  big(execution: string): string;
  /** String: a definition's text. */
  definition(hash: string): string;
  /** String: `q` and its position while a command waits; `r` and its receipt for 10 minutes more. */
  seen(command: string): string;
};

export type RedisKeys = {
  /**
   * Hash: `token`, `lanes`, `ready` (1) when every lane has its record, `level`, which is in use, and `least`, below which no instance is
   * let in: the same, or the next while it is being raised. Both count as 1 if they are absent.
   */
  readonly store: string;
  /**
   * Hash: members by boot id, each with the time until which it counts as alive, its beats, its TTL, its level, and itself as JSON,
   * separated by spaces.
   */
  readonly members: string;
  /** The keys of each lane. */
  readonly lanes: readonly LaneKeys[];
};

export function redisKeys(prefix: string, lanes: number): RedisKeys {
  return {
    store: `${prefix}:{store}:${RECORD}`,
    members: `${prefix}:{store}:members`,
    lanes: Array.from({ length: lanes }, (_, lane) => laneKeys(`${prefix}:{${lane}}:`)),
  };
}

function laneKeys(begin: string): LaneKeys {
  return {
    record: `${begin}${RECORD}`,
    active: `${begin}active`,
    index: `${begin}index`,
    outbox: `${begin}out`,
    commands: `${begin}commands`,
    definitions: `${begin}definitions`,
    offers: `${begin}offers`,
    offerBodies: `${begin}offer-bodies`,
    unclaimed: `${begin}unclaimed`,
    claims: `${begin}claims`,
    summary: (execution) => `${begin}x:${execution}`,
    log: (execution) => `${begin}log:${execution}`,
    big: (execution) => `${begin}big:${execution}`,
    definition: (hash) => `${begin}def:${hash}`,
    seen: (command) => `${begin}seen:${command}`,
  };
}

/** Notices that a server was restarted or replaced by its replica. What it had acknowledged may be lost. */
import type { Clock } from "../../../env/clock.ts";
import type { Log } from "../../../env/log/log.ts";
import type { RedisConnection } from "./connection.ts";
import type { RedisKeys } from "../keys.ts";
import { StoreUnavailable } from "../../store.ts";

export type Restarts = {
  /** Calls `listener` with the lanes. The returned function unsubscribes. */
  onRestart(listener: (lanes: readonly number[]) => void): () => void;
  /**
   * Resolves when the listeners were told of every restart before this moment. Rejects with StoreUnavailable if the lane's server did not
   * say.
   */
  told(lane: number): Promise<void>;
  stop(): void;
};

export type RestartsOptions = {
  readonly connection: RedisConnection;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly log: Log;
};

/** The pause before a server that did not tell is asked again. */
const AGAIN_MS = 500;

/** Begins to watch. Resolves when the present servers are known. Looks again whenever the connection was made again. */
export async function watchRestarts({ connection, keys, clock, log }: RestartsOptions): Promise<Restarts> {
  const listeners = new Set<(lanes: readonly number[]) => void>();
  /** The run of each lane's server at the last look. */
  const runs = new Map<number, string>();
  /** Lanes of servers that did not tell. */
  let unsure: ReadonlySet<number> = new Set();
  let looking: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  let cancel: () => void = () => undefined;

  async function look(): Promise<void> {
    const byServer = new Map<string, string>();
    const asked = connection.servers().map(async (server) => {
      const info = String(await server.call("info", "server"));
      byServer.set(server.name, /run_id:(\w+)/.exec(info)?.[1] ?? "");
    });
    const answers = await Promise.allSettled(asked);
    if (stopped) return;
    cancel();
    if (answers.some(({ status }) => status === "rejected")) cancel = clock.after(AGAIN_MS, () => void lookSoon());
    const restarted: number[] = [];
    const silent = new Set<number>();
    keys.lanes.forEach(({ record }, lane) => {
      const run = byServer.get(connection.serverOf(record));
      if (run === undefined) {
        silent.add(lane);
        return;
      }
      const before = runs.get(lane);
      runs.set(lane, run);
      if (before !== undefined && before !== run) restarted.push(lane);
    });
    unsure = silent;
    if (restarted.length === 0) return;
    log.warn("Redis was restarted or failed over: the last writes that it acknowledged may be lost.", { lanes: restarted.length });
    for (const listener of listeners) listener(restarted);
  }

  /** Looks one at a time, and once more for what changed meanwhile. */
  function lookSoon(): Promise<void> {
    if (looking !== null) {
      again = true;
      return looking;
    }
    looking = look().finally(() => {
      looking = null;
      if (again) {
        again = false;
        void lookSoon();
      }
    });
    return looking;
  }

  connection.onChange(() => void lookSoon());
  await lookSoon();
  return {
    onRestart(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async told(lane) {
      while (looking !== null) await looking;
      if (unsure.has(lane)) throw new StoreUnavailable("Redis does not say whether it was restarted.");
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}

/**
 * Calls for one lane, or for the store as a whole. Each carries the data token, so that nothing is read from or written to a Redis that has
 * lost its data. If being late would do harm, it also carries a deadline.
 */
import type { Clock } from "../../../env/clock.ts";
import type { RedisConnection, Reply } from "./connection.ts";
import { runScript, type Script } from "./scripts.ts";
import { LOST, TooLate } from "./errors.ts";
import { DataLost } from "../../shared-store.ts";

export type ScriptCall = { readonly script: Script; readonly keys?: readonly string[]; readonly args?: readonly string[] };

export interface LaneCalls {
  /** Runs a script. `record`: the key that holds the token and says where the call goes. The other keys follow it. */
  run(record: string, call: ScriptCall): Promise<Reply>;
  /** Runs a script that does nothing if it arrives after the caller has given up. */
  runInTime(record: string, call: ScriptCall): Promise<Reply>;
  /** Does the same for what `send` sends with the given deadline, and that rejects with TooLate. */
  inTime(record: string, send: (deadline: string) => Promise<Reply>): Promise<Reply>;
  /** The server has just told its time. */
  told(record: string, nowMs: number): void;
  /**
   * Sends a call that does nothing once its caller has given up, at `ms` by this process's clock. `send` gets that deadline by the server's
   * clock: from what the server said when its answer arrived here, however slow it was, so it is never too late; "0" if the server said
   * nothing lately. If it was late by a clock that has changed, it is sent again at once.
   */
  sendUntil(record: string, ms: number, send: (until: string) => Promise<Reply>): Promise<Reply>;
  /** The server's time, as it last told; null if it has not told yet. */
  nowMs(record: string): number | null;
  /** Sends plain commands at once and in this order. */
  read(record: string, ...commands: readonly (readonly [name: string, ...args: string[]])[]): Promise<readonly Reply[]>;
}

export type LaneCallsOptions = {
  readonly connection: RedisConnection;
  readonly token: string;
  readonly commandTimeoutMs: number;
  readonly clock: Clock;
};

/** The time for which two clocks are assumed to agree. */
const CLOCKS_AGREE_MS = 60_000;

export function createLaneCalls(options: LaneCallsOptions): LaneCalls {
  return new GuardedCalls(options);
}

class GuardedCalls implements LaneCalls {
  readonly #options: LaneCallsOptions;
  /** The most by which Redis's clock is ahead of this process's, and since when. By record: each server of a Cluster has its own. */
  readonly #ahead = new Map<string, { readonly ms: number; readonly atMs: number }>();
  /** The least by which it is ahead. */
  readonly #aheadAtLeast = new Map<string, { readonly ms: number; readonly atMs: number }>();

  constructor(options: LaneCallsOptions) {
    this.#options = options;
  }

  run(record: string, { script, keys = [], args = [] }: ScriptCall): Promise<Reply> {
    const { connection, token } = this.#options;
    return runScript(connection, script, [record, ...keys], [token, "0", ...args]);
  }

  runInTime(record: string, { script, keys = [], args = [] }: ScriptCall): Promise<Reply> {
    const { connection, token } = this.#options;
    return this.inTime(record, (deadline) => runScript(connection, script, [record, ...keys], [token, deadline, ...args]));
  }

  async inTime(record: string, send: (deadline: string) => Promise<Reply>): Promise<Reply> {
    const sentAtMs = this.#options.clock.monotonicMs();
    try {
      return await send(this.#deadlineOf(record));
    } catch (error) {
      if (!(error instanceof TooLate)) throw error;
      // Either it was late, or the clocks have changed: a fail-over, or the first call.
      this.#ahead.set(record, { ms: error.nowMs - sentAtMs, atMs: sentAtMs });
      return await send(this.#deadlineOf(record));
    }
  }

  told(record: string, nowMs: number): void {
    const atMs = this.#options.clock.monotonicMs();
    this.#aheadAtLeast.set(record, { ms: nowMs - atMs, atMs });
  }

  async sendUntil(record: string, ms: number, send: (until: string) => Promise<Reply>): Promise<Reply> {
    try {
      return await send(this.#untilBy(record, ms));
    } catch (error) {
      if (!(error instanceof TooLate)) throw error;
      this.told(record, error.nowMs);
      if (this.#options.clock.monotonicMs() >= ms) throw error;
      return await send(this.#untilBy(record, ms));
    }
  }

  nowMs(record: string): number | null {
    const ahead = this.#ahead.get(record);
    return ahead === undefined ? null : this.#options.clock.monotonicMs() + ahead.ms;
  }

  async read(record: string, ...commands: readonly (readonly [name: string, ...args: string[]])[]): Promise<readonly Reply[]> {
    const { connection, token } = this.#options;
    const first = connection.call("hget", [record, "token"]);
    const rest = commands.map(([name, ...args]) => connection.call(name, args));
    const [found, ...replies] = await Promise.all([first, ...rest]);
    if (found !== token) throw new DataLost(LOST);
    return replies;
  }

  /** The deadline of a call. For a server whose clock is not known yet it is long past, so that the server tells its time. */
  #deadlineOf(record: string): string {
    const { clock, commandTimeoutMs } = this.#options;
    const ahead = this.#ahead.get(record);
    const nowMs = clock.monotonicMs();
    return ahead === undefined || nowMs - ahead.atMs > CLOCKS_AGREE_MS ? "1" : String(Math.ceil(nowMs + ahead.ms + commandTimeoutMs));
  }

  #untilBy(record: string, ms: number): string {
    const ahead = this.#aheadAtLeast.get(record);
    if (ahead === undefined || this.#options.clock.monotonicMs() - ahead.atMs > CLOCKS_AGREE_MS) return "0";
    return String(Math.floor(ms + ahead.ms));
  }
}

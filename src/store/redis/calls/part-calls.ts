/**
 * Calls of many lanes as one: group commit over lanes. One such call is in flight. What is asked meanwhile goes with the next, and what is
 * asked when none is in flight goes at once. Each part is judged by itself (scripts/parts.lua), and no part waits longer than one call's
 * deadline. In a Redis Cluster, whose scripts stay in one slot, each part is a call of its own.
 */
import type { RedisConnection, Reply } from "./connection.ts";
import { runScript, type Script } from "./scripts.ts";
import { errorOf } from "./errors.ts";
import { StoreUnavailable } from "../../store.ts";

/** One lane's part of a script's call. `keys`: the lane's record first. `length`: its approximate bytes. */
export type Part = { readonly keys: readonly string[]; readonly args: readonly string[]; readonly length: number };

export interface PartCalls {
  /** Runs a part and resolves with the script's answer. Rejects with StoreUnavailable, DataLost, or Redis's refusal. */
  run(part: Part): Promise<Reply>;
  /** Resolves when all parts that are asked for by now are on their way: what is sent then delays none of them. */
  turn(): Promise<void>;
}

export type PartCallsOptions = {
  readonly connection: RedisConnection;
  readonly token: string;
  readonly script: Script;
  /** False if lanes are on several servers. */
  readonly gathers: boolean;
};

/** The number of calls that may be in flight. */
const IN_FLIGHT_MAX = 1;
const PARTS_MAX = 256;
/** The longest call, in characters. */
const LENGTH_MAX = 1024 * 1024;
/** The length from which a part goes by itself, so that no other waits for it. */
const ALONE_LENGTH = 256 * 1024;

export function createPartCalls(options: PartCallsOptions): PartCalls {
  return new GatheredCalls(options);
}

type Waiting = { readonly part: Part; readonly resolve: (answer: Reply) => void; readonly reject: (error: unknown) => void };

class GatheredCalls implements PartCalls {
  readonly #options: PartCallsOptions;
  #gathers: boolean;
  #waiting: Waiting[] = [];
  #inFlight = 0;
  #woken = false;
  #turns: (() => void)[] = [];

  constructor(options: PartCallsOptions) {
    this.#options = options;
    this.#gathers = options.gathers;
  }

  run(part: Part): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const waiting = { part, resolve, reject };
      if (!this.#gathers || part.length >= ALONE_LENGTH) return void this.#send([waiting]);
      this.#waiting.push(waiting);
      this.#wake();
    });
  }

  turn(): Promise<void> {
    return this.#inFlight === 0 && !this.#woken ? Promise.resolve() : new Promise((resolve) => this.#turns.push(resolve));
  }

  /** Sends in the next microtask, so that everything that is asked at once is one call. */
  #wake(): void {
    if (this.#woken || this.#inFlight === IN_FLIGHT_MAX) return;
    this.#woken = true;
    queueMicrotask(() => {
      this.#woken = false;
      void this.#next();
    });
  }

  async #next(): Promise<void> {
    if (this.#inFlight === IN_FLIGHT_MAX) return;
    const sending = this.#waiting.length === 0 ? null : this.#send(this.#take());
    for (const resolve of this.#turns.splice(0)) resolve();
    if (sending === null) return;
    this.#inFlight += 1;
    await sending;
    this.#inFlight -= 1;
    this.#wake();
  }

  #take(): readonly Waiting[] {
    const waiting = this.#waiting;
    let [size, length] = [0, 0];
    for (; size < waiting.length && size < PARTS_MAX; size++) {
      length += (waiting[size] as Waiting).part.length;
      if (size > 0 && length > LENGTH_MAX) break;
    }
    this.#waiting = waiting.slice(size);
    return size === waiting.length ? waiting : waiting.slice(0, size);
  }

  /** Sends a group. Never rejects. */
  async #send(group: readonly Waiting[]): Promise<void> {
    try {
      const answers = (await this.#call(group)) as readonly Reply[];
      for (let at = 0; at < group.length; at++) settle(group[at] as Waiting, answers[at] as Reply);
    } catch (error) {
      if (group.length > 1 && !(error instanceof StoreUnavailable)) {
        // Redis refuses not a part, but that several are asked as one: a Cluster of one server, for example.
        this.#gathers = false;
        await Promise.all(group.map((each) => this.#send([each])));
        return;
      }
      for (const { reject } of group) reject(error);
      // They have waited as long, and the next call would be just as late.
      if (error instanceof StoreUnavailable) for (const { reject } of this.#waiting.splice(0)) reject(error);
    }
  }

  #call(group: readonly Waiting[]): Promise<Reply> {
    const { connection, script, token } = this.#options;
    const keys: string[] = [];
    const args = [token, String(group.length)];
    for (const { part } of group) {
      args.push(String(part.keys.length), String(part.args.length));
      for (const key of part.keys) keys.push(key);
      for (const arg of part.args) args.push(arg);
    }
    return runScript(connection, script, keys, args);
  }
}

/** Settles a part: `!` and an error, or the answer of the part's script. */
function settle({ resolve, reject }: Waiting, answer: Reply): void {
  if (typeof answer === "string" && answer.startsWith("!")) reject(errorOf(answer.slice(1)));
  else resolve(answer);
}

/**
 * One connection to Redis, or to a Redis Cluster, on which every call ends by its deadline. No call waits for a lost connection to come
 * back, and nothing is sent again without the caller's knowledge, except what a Cluster redirects. A call that was given up may still be
 * applied, which every script takes into account.
 */
import type { Socket } from "node:net";
import { Cluster, Command, Redis } from "ioredis";
import { byteLength } from "../../../env/bytes.ts";
import type { Clock } from "../../../env/clock.ts";
import { pauseBefore } from "../../../env/backoff.ts";
import { afterDeadline } from "../../../env/deadline.ts";
import type { Log } from "../../../env/log/log.ts";
import { StoreUnavailable } from "../../store.ts";
import { LARGE_COMMAND, PieceWriter } from "./pieces.ts";
import { inOurWords, RedisRefusal, troubleOf } from "./errors.ts";

/**
 * An address of Redis. `url`: redis:// or rediss:// with everything that belongs to it, of one Redis. `nodes`: some nodes of a Cluster.
 */
export type RedisAddress = { readonly url: string } | { readonly nodes: readonly string[] };

export type ClientOptions = {
  readonly address: RedisAddress;
  /** The time in which a small call must end. A larger one has a second more for each 20 MB. */
  readonly commandTimeoutMs: number;
  readonly reconnectDelayMs: number;
};

export type ConnectionOptions = ClientOptions & {
  /** The purpose of the connection, for the log. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
};

export type Reply = string | number | null | readonly Reply[];

export interface RedisConnection {
  /**
   * Sends a command. Rejects with StoreUnavailable if Redis does not answer or cannot now, and with RedisError if it says anything else.
   */
  call(name: string, args: readonly string[]): Promise<Reply>;
  /** The servers that write, by address, and which of them has a key's slot. */
  servers(): readonly RedisServer[];
  serverOf(key: string): string;
  /** Calls `listener` when a server was connected again, or slots have moved. */
  onChange(listener: () => void): void;
  close(): void;
}

export type RedisServer = { readonly name: string; call(name: string, ...args: readonly string[]): Promise<Reply> };

/** The slowest network that is allowed for: a large text gets the time that it needs, and all that is sent together is soon given up. */
const BYTES_PER_MS = 20_000;
/** The silence after which a connection is made again if something is asked of it: it may have been cut silently. */
const SILENT_MS = 5_000;
const FIRST_RECONNECT_MS = 25;
const ALONE = "redis";

/**
 * Connects. Resolves when Redis answers. Rejects with StoreUnavailable if it does not within two deadlines, and with RedisRefusal if it
 * does not have the database.
 */
async function connectRedis(options: ConnectionOptions): Promise<RedisConnection> {
  const connection = new IoredisConnection(options);
  try {
    await connection.begin();
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Opens two connections to the same server. Rejects like `connectRedis`; if one cannot be opened, the other is closed. */
export async function connectTwice(
  [one, two]: readonly [string, string],
  options: Omit<ConnectionOptions, "name">,
): Promise<readonly [RedisConnection, RedisConnection]> {
  const both = [connectRedis({ ...options, name: one }), connectRedis({ ...options, name: two })] as const;
  const results = await Promise.allSettled(both);
  if (results.some(({ status }) => status === "rejected")) {
    for (const result of results) if (result.status === "fulfilled") result.value.close();
  }
  return await Promise.all(both);
}

class IoredisConnection implements RedisConnection {
  readonly #options: ConnectionOptions;
  readonly #client: Redis | Cluster;
  readonly #listeners: (() => void)[] = [];
  readonly #pieces = new PieceWriter();
  #bytesInFlight = 0;
  #isClosed = false;
  #lastError: string | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#client = makeRedisClient(options);
    this.#listen(this.#client);
  }

  async begin(): Promise<void> {
    const { commandTimeoutMs } = this.#options;
    const ready = Promise.withResolvers<void>();
    this.#client.once("ready", () => ready.resolve());
    await this.#within(2 * commandTimeoutMs, ready.promise, () => {
      return new StoreUnavailable(`Redis cannot be reached: ${this.#lastError ?? "it does not answer."}`);
    });
    await this.#select();
  }

  /** Selects the database. The client silently stays in the first database if it cannot have its own. */
  async #select(): Promise<void> {
    const db = this.#client instanceof Redis ? (this.#client.options.db ?? 0) : 0;
    if (db === 0) return;
    try {
      await this.call("select", [String(db)]);
    } catch (error) {
      if (error instanceof StoreUnavailable || !(error instanceof Error)) throw error;
      throw new RedisRefusal(`Redis refuses database ${db}, which the settings name. ${error.message}.`, { cause: error });
    }
  }

  async call(name: string, args: readonly string[]): Promise<Reply> {
    if (this.#isClosed) throw new StoreUnavailable("The store is closed.");
    const call = { isOver: false };
    let bytes = 0;
    for (const arg of args) bytes += arg.length;
    this.#bytesInFlight += bytes;
    const deadlineMs = this.#options.commandTimeoutMs + this.#bytesInFlight / BYTES_PER_MS;
    try {
      const reply = this.#pieces.writing !== null ? this.#sendLater(name, args, bytes, call) : this.#send(name, args, bytes);
      return await this.#within(deadlineMs, reply, () => new StoreUnavailable(`Redis did not answer within ${Math.ceil(deadlineMs)} ms.`));
    } catch (error) {
      throw troubleOf(error);
    } finally {
      call.isOver = true;
      this.#bytesInFlight -= bytes;
    }
  }

  #send(name: string, args: readonly string[], bytes: number): Promise<Reply> {
    const client = this.#client;
    // A Cluster's client sends again by itself what was redirected, perhaps between two pieces.
    const pieces = bytes >= LARGE_COMMAND && client instanceof Redis ? this.#pieces : null;
    return client.sendCommand(commandOf(name, args, pieces)) as Promise<Reply>;
  }

  /** Sends a call later. A caller that has given up by then sends nothing. */
  async #sendLater(name: string, args: readonly string[], bytes: number, call: { readonly isOver: boolean }): Promise<Reply> {
    // The first of the waiting calls may be the next large one.
    while (this.#pieces.writing !== null) await this.#pieces.writing;
    if (call.isOver) throw new StoreUnavailable("The call was given up before it could be sent.");
    return this.#send(name, args, bytes);
  }

  servers(): readonly RedisServer[] {
    const client = this.#client;
    if (client instanceof Redis) return [{ name: ALONE, call: (name, ...args) => this.call(name, args) }];
    return client.nodes("master").map((node) => ({
      name: `${node.options.host}:${node.options.port}`,
      call: (name, ...args) => this.#callNode(node, name, args),
    }));
  }

  serverOf(key: string): string {
    const client = this.#client;
    if (client instanceof Redis) return ALONE;
    return client.slots[new Command("get", [key]).getSlot() ?? 0]?.[0] ?? "";
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#isClosed = true;
    this.#client.disconnect();
  }

  async #callNode(node: Redis, name: string, args: readonly string[]): Promise<Reply> {
    const { commandTimeoutMs } = this.#options;
    const reply = node.sendCommand(commandOf(name, args)) as Promise<Reply>;
    try {
      return await this.#within(commandTimeoutMs, reply, () => new StoreUnavailable(`Redis did not answer within ${commandTimeoutMs} ms.`));
    } catch (error) {
      throw troubleOf(error);
    }
  }

  #within<Answer>(ms: number, answer: Promise<Answer>, error: () => Error): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stop = afterDeadline(this.#options.clock, ms, () => reject(error()));
      answer.finally(stop).then(resolve, reject);
    });
  }

  #listen(client: Redis | Cluster): void {
    const { log, name } = this.#options;
    const changed = () => {
      for (const listener of this.#listeners) listener();
    };
    client.on("error", (error: unknown) => this.#hear(error));
    client.on("ready", changed);
    // Before the first connection nothing can be lost; `begin` reports faults then.
    let was: "new" | "there" | "lost" = "new";
    client.on("close", () => {
      if (was !== "there" || this.#isClosed) return;
      was = "lost";
      log.warn("The connection to Redis is lost; the instance tries to connect again.", {
        connection: name,
        reason: this.#lastError ?? "it was closed.",
      });
    });
    client.on("ready", () => {
      if (was === "lost") log.info("The connection to Redis is back.", { connection: name });
      was = "there";
      this.#lastError = null;
    });
    if (client instanceof Redis) return;
    client.on("refresh", changed);
    client.on("node error", (error: unknown) => this.#hear(error));
    client.on("+node", (node: Redis) => void node.on("ready", changed));
  }

  #hear(error: unknown): void {
    this.#lastError = inOurWords(error);
    this.#options.log.debug("The connection to Redis has trouble.", { connection: this.#options.name, reason: this.#lastError });
  }
}

/**
 * A command with its name in capitals: for names that it knows the client makes objects of replies, which would change the order of ids.
 */
function commandOf(name: string, args: readonly string[], pieces: PieceWriter | null = null): Command {
  const command = new Command(name.toUpperCase(), args as string[], { replyEncoding: "utf8" });
  if (pieces !== null) {
    command.toWritable = (socket) => pieces.begin(command.name, args, socket as Socket);
    return command;
  }
  const inItsOwnWay = command.toWritable;
  command.toWritable = (socket) => frameOf(command.name, args) ?? inItsOwnWay.call(command, socket);
  return command;
}

/** A command in its wire form if all of it is ASCII; else null. One join and one count for all arguments cost less than some for each. */
function frameOf(name: string, args: readonly string[]): string | null {
  const lines = [`*${args.length + 1}`, `$${name.length}`, name];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    lines.push(LENGTHS[arg.length] ?? `$${arg.length}`, arg);
  }
  lines.push("");
  const frame = lines.join("\r\n");
  return byteLength(frame) === frame.length ? frame : null;
}

const LENGTHS = Array.from({ length: 512 }, (_, length) => `$${length}`);

/** A client for this connection, also for the doorbell. It connects by itself, again and again, and has no listener for `error` yet. */
export function makeRedisClient({ address, reconnectDelayMs, commandTimeoutMs }: ClientOptions): Redis | Cluster {
  const options = {
    // Redis answers texts and numbers alike in both versions, and every proxy knows this one.
    protocol: 2 as const,
    connectTimeout: 2 * commandTimeoutMs,
    socketTimeout: SILENT_MS,
    maxLoadingRetryTime: reconnectDelayMs,
    // Calls without an answer are rejected when the connection ends, and calls without a connection at once.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    disableClientInfo: true,
  };
  // A connection that was cut for a moment is back at once; a server that is away is not asked all the time.
  const pauses = { firstMs: FIRST_RECONNECT_MS, longestMs: reconnectDelayMs };
  const pauseOf = (times: number): number => pauseBefore(times, pauses);
  if ("url" in address) return new Redis(address.url, { ...options, enableOfflineQueue: false, retryStrategy: pauseOf });
  return new Cluster([...address.nodes], {
    redisOptions: { ...options, ...credentialsOf(address.nodes[0] ?? "") },
    clusterRetryStrategy: pauseOf,
    enableOfflineQueue: false,
    slotsRefreshTimeout: 2 * commandTimeoutMs,
    slotsRefreshInterval: 5_000,
    // A call that meets a node whose connection is just being made waits for it, well within its deadline.
    retryDelayOnFailover: 25,
    maxRedirections: 50,
  });
}

/** The user and password. A Cluster's nodes tell each other's addresses without them, and they are the same for all. */
function credentialsOf(url: string): { username?: string; password?: string; tls?: object } {
  if (!url.includes("://")) return {};
  const { username, password, protocol } = new URL(url);
  return {
    ...(username === "" ? {} : { username: decodeURIComponent(username) }),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === "rediss:" ? { tls: {} } : {}),
  };
}

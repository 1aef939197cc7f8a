/** A redis-server for a test file, the stores that a test opens on it, and a client that looks behind them. */
import { afterAll, afterEach, beforeAll, beforeEach } from "bun:test";
import { Redis } from "ioredis";
import { systemClock } from "../../../src/env/clock.ts";
import { systemIds } from "../../../src/env/ids.ts";
import { openRedisStore, type RedisStoreOptions } from "../../../src/store/redis/redis-store.ts";
import type { SharedStore } from "../../../src/store/shared-store.ts";
import { recordingLog } from "../../env/log/recording-log.ts";
import { startProxy, type WireProxy } from "../../services/proxy.ts";
import { type RedisOptions, type RedisService, startRedis } from "../../services/redis.ts";

type RedisGroundOptions = {
  readonly server?: RedisOptions;
  /** Of each store, unless a test says otherwise. */
  readonly stores?: Partial<RedisStoreOptions>;
};

/** Made once in a file: the server starts before its first test, and what a test has opened is closed after it. */
export class RedisGround {
  /** Of all keys of a test. */
  keyPrefix = "";
  readonly #options: RedisGroundOptions;
  readonly #stores: SharedStore[] = [];
  readonly #proxies: WireProxy[] = [];
  #server: RedisService | null = null;
  #admin: Redis | null = null;

  constructor(options: RedisGroundOptions = {}) {
    this.#options = options;
    beforeAll(async () => {
      this.#server = await startRedis(options.server);
      this.#admin = new Redis(this.#server.port, "127.0.0.1", { retryStrategy: () => 20, maxRetriesPerRequest: null });
      // It may be restarted.
      this.#admin.on("error", () => undefined);
    });
    beforeEach(() => {
      this.keyPrefix = systemIds.next();
    });
    afterEach(async () => {
      for (const store of this.#stores.splice(0)) await store.close();
      for (const proxy of this.#proxies.splice(0)) proxy.close();
    });
    afterAll(async () => {
      this.#admin?.disconnect();
      await this.#server?.stop();
    });
  }

  get server(): RedisService {
    if (this.#server === null) throw new Error("The server starts before the first test, and no sooner.");
    return this.#server;
  }

  get admin(): Redis {
    if (this.#admin === null) throw new Error("The server starts before the first test, and no sooner.");
    return this.#admin;
  }

  async open(over: Partial<RedisStoreOptions> = {}): Promise<SharedStore> {
    const store = await openRedisStore({
      ...{ address: { url: this.server.url }, clock: systemClock, ids: systemIds, log: recordingLog().log, outbox: true },
      ...{ keyPrefix: this.keyPrefix, reconnectDelayMs: 20, ...this.#options.stores, ...over },
    });
    this.#stores.push(store);
    return store;
  }

  proxyTo(port: number): WireProxy {
    const proxy = startProxy(port);
    this.#proxies.push(proxy);
    return proxy;
  }

  /** A store whose wire the test holds in its hand. */
  async openBehindProxy(): Promise<{ readonly store: SharedStore; readonly proxy: WireProxy }> {
    const proxy = this.proxyTo(this.server.port);
    return { proxy, store: await this.open({ address: { url: `redis://127.0.0.1:${proxy.port}` } }) };
  }
}

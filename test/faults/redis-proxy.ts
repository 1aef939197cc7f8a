/**
 * Between one instance and Redis: cuts connections, swallows replies, holds requests or replies back, and tells what passes
 * by. A TCP connection never loses bytes in its middle, so a connection whose replies were swallowed is cut in the end.
 */
import { connect, createServer, type Socket } from "node:net";
import { createCutter, wordsOf } from "./resp.ts";

/** What passes by. `words`: the command's first ones. `frame`: the whole command, also where its reply is what passes. */
export type Passing = { readonly type: "request" | "reply"; readonly words: readonly string[]; readonly frame: Buffer };

export type RedisProxy = {
  readonly port: number;
  /** Every connection ends, and new ones lead to this port. */
  lead(toPort: number): void;
  /** Ends every connection; new ones are taken. */
  cut(): void;
  /** Requests arrive, replies do not, for this long; then the connections are cut. */
  swallow(ms: number): Promise<void>;
  /** Keeps back what is said in one direction, also beyond the end of the connection that said it, and then lets it through. */
  hold(type: Passing["type"], ms: number): Promise<void>;
  /** Asked of each command and each reply before it is passed on: "drop" ends its connection instead. Null for nobody. */
  watch(watcher: ((passing: Passing) => "pass" | "drop") | null): void;
  close(): void;
};

const WORDS = 12;

export async function proxyRedis(firstPort: number): Promise<RedisProxy> {
  let toPort = firstPort;
  const pairs = new Set<Pair>();
  const state: State = { swallows: false, holds: { request: false, reply: false }, watcher: null };
  const server = createServer((client) => {
    const pair = join(client, connect(toPort, "127.0.0.1"), state);
    pairs.add(pair);
    client.on("close", () => pairs.delete(pair));
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.on("error", reject);
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  const cut = (): void => {
    for (const pair of [...pairs]) pair.cut();
  };
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut,
    lead(port) {
      toPort = port;
      cut();
    },
    async swallow(ms) {
      state.swallows = true;
      await Bun.sleep(ms);
      state.swallows = false;
      cut();
    },
    async hold(type, ms) {
      state.holds[type] = true;
      const those = [...pairs];
      await Bun.sleep(ms);
      state.holds[type] = false;
      for (const pair of new Set([...those, ...pairs])) pair.release();
    },
    watch(watcher) {
      state.watcher = watcher;
    },
    close() {
      server.close();
      cut();
    },
  };
}

type State = {
  swallows: boolean;
  readonly holds: Record<Passing["type"], boolean>;
  watcher: ((passing: Passing) => "pass" | "drop") | null;
};
type Pair = { cut(): void; release(): void };

function join(client: Socket, redis: Socket, state: State): Pair {
  const held: Record<Passing["type"], Buffer[]> = { request: [], reply: [] };
  const asked: Buffer[] = [];
  /** Subscribers are sent what they did not ask for: there is no reply to tell apart. */
  let subscribed = false;
  let clientIsGone = false;
  client.setNoDelay(true);
  redis.setNoDelay(true);

  const cut = (): void => {
    client.destroy();
    redis.destroy();
  };
  const isWatched = (type: Passing["type"], frame: Buffer): boolean =>
    state.watcher !== null && state.watcher({ type, words: wordsOf(frame, WORDS), frame }) === "drop";

  const requests = createCutter();
  client.on("data", (bytes: Buffer) => {
    const passed: Buffer[] = [];
    for (const frame of requests(bytes)) {
      if (/^\*\d+\r\n\$\d+\r\np?s?subscribe\r/i.test(frame.toString("latin1", 0, 32))) subscribed = true;
      if (isWatched("request", frame)) {
        if (passed.length > 0) redis.write(Buffer.concat(passed));
        return cut();
      }
      if (!subscribed) asked.push(frame);
      passed.push(frame);
    }
    if (passed.length === 0) return;
    const whole = passed.length === 1 && passed[0] !== undefined ? passed[0] : Buffer.concat(passed);
    if (state.holds.request || held.request.length > 0) held.request.push(whole);
    else redis.write(whole);
  });

  const replies = createCutter();
  redis.on("data", (bytes: Buffer) => {
    const passed: Buffer[] = [];
    for (const reply of replies(bytes)) {
      const frame = subscribed ? undefined : asked.shift();
      if (frame !== undefined && isWatched("reply", frame)) {
        if (passed.length > 0) client.write(Buffer.concat(passed));
        return cut();
      }
      passed.push(reply);
    }
    if (passed.length === 0 || state.swallows) return;
    const whole = Buffer.concat(passed);
    if (state.holds.reply || held.reply.length > 0) held.reply.push(whole);
    else client.write(whole);
  });

  client.on("close", () => {
    clientIsGone = true;
    // What it had said before is on its way all the same.
    if (held.request.length === 0) redis.end();
  });
  redis.on("close", () => client.destroy());
  client.on("error", () => client.destroy());
  redis.on("error", () => redis.destroy());
  return {
    cut,
    release() {
      if (held.request.length > 0) redis.write(Buffer.concat(held.request.splice(0)));
      if (clientIsGone) redis.end();
      else if (held.reply.length > 0) client.write(Buffer.concat(held.reply.splice(0)));
    },
  };
}

/**
 * The doorbell by Redis publish and subscribe. Rings go out at once while there are few, and gathered while there are many.
 * Rings are lost while Redis is away, which a doorbell allows.
 */
import { Cluster, type Redis } from "ioredis";
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { Turns } from "../../env/turns.ts";
import { type ClientOptions, makeRedisClient } from "../../store/redis/calls/connection.ts";
import { inOurWords } from "../../store/redis/calls/errors.ts";
import type { Doorbell, Ring } from "../doorbell.ts";
import { createGatheredRings } from "./gathered-rings.ts";
import { readRings, writeRings } from "./ring-text.ts";

export type RedisDoorbellOptions = ClientOptions & {
  /** The channel. Instances that shall hear each other use the same one. */
  readonly channel: string;
  /** The boot id of this instance, which does not hear its own rings. */
  readonly bootId: string;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly log: Log;
};

/** The pause between two messages: every instance reads each of them. */
const GATHER_MS = 3;
/** The period of a question to Redis: a connection that was cut silently is noticed when it is asked something. */
const ASK_EVERY_MS = 10_000;

/** Begins to connect; nothing is heard before. Never throws. */
export function connectRedisDoorbell(options: RedisDoorbellOptions): Doorbell {
  const { channel, bootId, clock, turns, log } = options;
  // A connection that listens cannot speak. A cluster's client has one for each by itself.
  const publisher = connect(options);
  const subscriber = publisher instanceof Cluster ? publisher : connect(options);
  const gathered = createGatheredRings();
  const listeners = new Set<(ring: Ring) => void>();
  let ringing = false;
  let closed = false;
  let unreadable = 0;

  subscriber.on("ready", () => {
    void subscriber.subscribe(channel).catch((error) => log.debug("The doorbell is not heard yet.", { reason: inOurWords(error) }));
  });
  let cancelAsking = (): void => undefined;
  const ask = (): void => {
    cancelAsking = clock.after(ASK_EVERY_MS, ask);
    void subscriber.ping().catch((error) => log.debug("The doorbell does not hear now.", { reason: inOurWords(error) }));
  };
  if (subscriber !== publisher) ask();
  subscriber.on("message", (_channel: string, text: string) => {
    const message = readRings(text);
    if (message === null || message.unknown > 0) {
      unreadable += message?.unknown ?? 1;
      log.debug("Somebody rings in a way that is not understood.", { channel, times: unreadable, text: text.slice(0, 200) });
    }
    if (message === null || message.from === bootId || closed) return;
    for (const ring of message.rings) for (const listener of listeners) listener(ring);
  });

  /** Sends one message at a time, with a pause between two. */
  async function ringAll(): Promise<void> {
    while (!gathered.empty && !closed) {
      const { rings, leftOut } = gathered.take();
      if (leftOut > 0) log.debug("So many rings that some were left out.", { leftOut });
      try {
        await publisher.publish(channel, writeRings({ from: bootId, rings }));
      } catch (error) {
        log.debug("A ring was not heard by anybody.", { rings: rings.length, reason: inOurWords(error) });
      }
      await new Promise<void>((resolve) => void clock.after(GATHER_MS, resolve));
    }
    ringing = false;
  }

  return {
    ring(ring) {
      if (closed) return;
      gathered.add(ring);
      if (ringing) return;
      ringing = true;
      turns.run(() => void ringAll());
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      closed = true;
      cancelAsking();
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}

function connect(options: RedisDoorbellOptions): Redis | Cluster {
  const client = makeRedisClient(options);
  client.on("error", (error: unknown) => {
    options.log.debug("The doorbell's connection to Redis has a fault; it is made again.", { reason: inOurWords(error) });
  });
  return client;
}

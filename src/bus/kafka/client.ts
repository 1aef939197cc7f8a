/** A kafkajs client as we want it: its log in ours, and no retries of its own. */
import { Kafka, logLevel } from "kafkajs";
import type { Log } from "../../env/log/log.ts";
import { stopIdleTimer } from "./idle-timer.ts";

export type KafkaAddress = {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** A broker that is silent for so long is taken for gone; default 10 s. */
  readonly requestTimeoutMs?: number;
};

const CONNECTION_TIMEOUT_MS = 3_000;
export const REQUEST_TIMEOUT_MS = 10_000;

/** Null where kafkajs is inside as we know it, else a sentence. Done here, so that no client is without it. */
export const changedInside = stopIdleTimer();

export function createKafkaClient({ brokers, clientId, requestTimeoutMs = REQUEST_TIMEOUT_MS }: KafkaAddress, log: Log): Kafka {
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    // Whoever sends tries again, with a client that knows nothing of what went wrong. All fields: the defaults differ under test.
    retry: { retries: 0, initialRetryTime: 100, maxRetryTime: 1_000, factor: 0.2, multiplier: 2, restartOnFailure: async () => true },
    logLevel: logLevel.WARN,
    // What fails is thrown as well, and told once where it is caught.
    logCreator:
      () =>
      ({ namespace, log: { message, timestamp: _, logger: __, stack: ___, ...fields } }) =>
        log.debug(`kafkajs ${namespace}: ${message}`, fields),
  });
}

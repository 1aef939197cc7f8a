/** A kafkajs client as we need it: it logs to our log and does not retry by itself. */
import { Kafka, logLevel } from "kafkajs";
import type { Log } from "../../env/log/log.ts";
import { stopIdleTimer } from "./idle-timer.ts";

export type KafkaAddress = {
  /** The brokers, each as `host:port`. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** The silence after which a broker counts as gone; default 10 s. */
  readonly requestTimeoutMs?: number;
};

const CONNECTION_TIMEOUT_MS = 3_000;
export const REQUEST_TIMEOUT_MS = 10_000;

/** Null if the inside of kafkajs is as we know it, else a sentence. It is done here, so that no client is without it. */
export const changedInside = stopIdleTimer();

export function createKafkaClient({ brokers, clientId, requestTimeoutMs = REQUEST_TIMEOUT_MS }: KafkaAddress, log: Log): Kafka {
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    // The caller tries again, with a new client that remembers no fault. All fields are given because the defaults differ under test.
    retry: { retries: 0, initialRetryTime: 100, maxRetryTime: 1_000, factor: 0.2, multiplier: 2, restartOnFailure: async () => true },
    logLevel: logLevel.WARN,
    // What fails is thrown as well, and logged once where it is caught.
    logCreator:
      () =>
      ({ namespace, log: { message, timestamp: _, logger: __, stack: ___, ...fields } }) =>
        log.debug(`kafkajs ${namespace}: ${message}`, fields),
  });
}

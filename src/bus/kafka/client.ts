/** A kafkajs client as we want it (for what is not records): its log in ours, no retries of its own, and without a timer that it lets spin. */
import { Kafka, logLevel } from "kafkajs";
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import type { Log } from "../../env/log/log.ts";

export type KafkaAddress = {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** A broker that is silent for so long is taken for gone; default 10 s. */
  readonly requestTimeoutMs?: number;
};

export const CONNECTION_TIMEOUT_MS = 3_000;
export const REQUEST_TIMEOUT_MS = 10_000;

/**
 * kafkajs 2.2.4 looks for waiting requests every millisecond, also where none wait (its issue 1751): with a delay of minus
 * 50 years, which Node and Bun warn of. Where some wait, the delay is right.
 */
const schedule = RequestQueue.prototype.scheduleCheckPendingRequests;
RequestQueue.prototype.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0) schedule.call(this);
};

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

/** What the machine gives without an engine, by what the engine stands on. Its figures are fractions of these: an event stands for a node. */
import { type Case, needed } from "../case.ts";
import { kafkaCeiling } from "./ceiling-kafka.ts";
import { redisCeiling } from "./ceiling-redis.ts";
import { sqliteCeiling } from "./ceiling-sqlite.ts";
import { threadsCeiling } from "./ceiling-threads.ts";

export const ceilingCase: Case = {
  name: "ceiling",
  title:
    "part=threads: messages to two Workers and back in batches of n, the ceiling of every pool; sqlite, redis: commits of n events, " +
    "of every durable log; kafka: records of n events through kafkajs, of every stream",
  start({ part, n }, services) {
    switch (part) {
      case "threads":
        return threadsCeiling(n, services);
      case "sqlite":
        return sqliteCeiling(n, services);
      case "redis":
        return redisCeiling(n, services, needed(services.redis));
      case "kafka":
        return kafkaCeiling(n, services, needed(services.kafka));
      default:
        throw new Error(`--part is threads, sqlite, redis or kafka, not "${part}".`);
    }
  },
};

/** The modes that are measured, as pages name them. */
import type { StoreKind } from "./case.ts";

export const STORE_NAMES: Readonly<Record<StoreKind, string>> = {
  memory: "memory",
  sqlite: "SQLite",
  redis: "Redis",
  "redis+kafka": "Redis + Kafka",
};

export const STORE_KINDS = Object.keys(STORE_NAMES) as readonly StoreKind[];

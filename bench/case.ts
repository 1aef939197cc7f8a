/** What a benchmark is: something that is started once, warm, and then measured round by round beside others. */
import type { MetricName } from "./metrics.ts";

export type StoreKind = "memory" | "sqlite" | "redis" | "redis+kafka";

/** Which form of a case. What a case does not know it ignores. */
export type Variant = {
  readonly store?: StoreKind;
  /** Width, depth or count: what the case says. */
  readonly n?: number;
  /** Bytes of a node's output. */
  readonly size?: number;
  /** Executions under way at a time. */
  readonly atOnce?: number;
  readonly instances?: number;
  /** What arrives in a second, for so many minutes (or a part of one). */
  readonly rate?: number;
  readonly minutes?: number;
  /** Of a micro-benchmark or a ceiling: which one. */
  readonly part?: string;
};

/** A redis-server of the subject's own (append-only file, synced every second). */
export type RedisOfRun = { readonly url: string; readonly pid: number };
/** The broker that all subjects share, and the prefix of this one's topics. */
export type KafkaOfRun = { readonly brokers: string; readonly pid: number; readonly prefix: string; readonly dataDir: string };

/** What a subject was given of what it needs. */
export type ServicesOfRun = { readonly redis: RedisOfRun | null; readonly kafka: KafkaOfRun | null };

export type Measured = Readonly<Partial<Record<MetricName, number>>>;

export type Subject = {
  /** One round, of a second or so; what it says is the round's own median or rate. Rejects where anything failed: a figure for a failure is none. */
  round(): Promise<Measured>;
  stop(): Promise<void>;
};

export type Case = {
  readonly name: string;
  /** One sentence: what is done and what is timed. */
  readonly title: string;
  /** Started and warm: the first round must not be another kind of figure than the last. */
  start(variant: Variant, services: ServicesOfRun): Promise<Subject>;
};

/** A service that this variant cannot do without. */
export function needed<Service>(service: Service | null): Service {
  if (service === null) throw new Error("This variant needs a service that it was started without.");
  return service;
}

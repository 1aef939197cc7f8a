/** Every setting is one line here, read from the environment and checked once, at start. */

/** Durations in milliseconds, sizes in bytes. */
export type Config = {
  readonly host: string;
  readonly port: number;
  readonly instanceName: string;
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  readonly store: "sqlite" | "memory";
  readonly dataDir: string;
  readonly redis: { readonly url: string } | null;
  readonly redisRequired: boolean;
  readonly kafka: { readonly brokers: readonly string[] } | null;
  readonly reconnectDelayMs: number;
  readonly threads: number;
  readonly slotsPerThread: number;
  /** Between the abort signal of a timed-out attempt and the end of its thread. */
  readonly abortGraceMs: number;
  /** How long running attempts may take to finish at SIGTERM. */
  readonly drainGraceMs: number;
  readonly maxRunningExecutions: number | null;
  readonly retry: { readonly maxAttempts: number; readonly initialIntervalMs: number };
  readonly nodeTimeoutMs: number;
  readonly handlersDir: string;
  readonly handlers: {
    readonly mockLatencyMs: { readonly min: number; readonly max: number };
    readonly externalServices: "mock" | "live";
    readonly httpAllowPrivate: boolean;
    readonly llm: { readonly baseUrl: string; readonly apiKey: string | null; readonly model: string } | null;
  };
  readonly limits: {
    readonly bodyBytes: number;
    readonly outputBytes: number;
    readonly nodes: number;
    readonly edges: number;
    readonly nesting: number;
    /** Messages that may wait in one supervisor's mailbox before commands are answered with 503. */
    readonly mailbox: number;
    /** Requests with ?wait that may wait at once. */
    readonly waiters: number;
  };
  readonly retention: { readonly finishedMs: number; readonly untriggeredMs: number };
};

/** What handlers are told of the configuration. It crosses to threads and child processes, so it is plain data. */

/** Sizes in bytes, times in milliseconds. */
export type HandlerSettings = {
  readonly mockLatencyMs: { readonly min: number; readonly max: number };
  readonly externalServices: "mock" | "live";
  /** Whether live calls may go to private addresses. */
  readonly httpAllowPrivate: boolean;
  /** An OpenAI-compatible server; without it the answers are made up. */
  readonly llm: { readonly baseUrl: string; readonly apiKey: string | null; readonly model: string } | null;
  readonly outputBytes: number;
  /** How deep outputs may be nested. */
  readonly nesting: number;
};

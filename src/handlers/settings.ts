/** The part of the configuration that handlers get. It goes to threads and child processes, so it is plain data. */

/** The settings: sizes in bytes, times in milliseconds. */
export type HandlerSettings = {
  readonly mockLatencyMs: { readonly min: number; readonly max: number };
  readonly externalServices: "mock" | "live";
  /** Whether live calls may go to private addresses. */
  readonly httpAllowPrivate: boolean;
  /** An OpenAI-compatible server; null if the answers are mocks. */
  readonly llm: { readonly baseUrl: string; readonly apiKey: string | null; readonly model: string } | null;
  readonly outputBytes: number;
  /** The deepest nesting of outputs. */
  readonly nesting: number;
};

/** The log's twin in memory: what was said, in order. Fields of `with` are merged in. */
import type { Log, LogFields } from "../../../src/env/log/log.ts";

export type LogEntry = { readonly level: "debug" | "info" | "warn" | "error"; readonly message: string; readonly fields: LogFields };

/** `entries` grows as things are logged. */
export function recordingLog(): { readonly log: Log; readonly entries: readonly LogEntry[] } {
  const entries: LogEntry[] = [];
  return { log: recordInto(entries, {}), entries };
}

function recordInto(entries: LogEntry[], bound: LogFields): Log {
  const at =
    (level: LogEntry["level"]) =>
    (message: string, fields: LogFields = {}) =>
      void entries.push({ level, message, fields: { ...bound, ...fields } });
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => recordInto(entries, { ...bound, ...fields }),
  };
}

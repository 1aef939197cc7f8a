/** A limit for repeated log lines: ten thousand attempts that fail in a second would fill a disk and say the same each time. */
import type { Clock } from "../clock.ts";
import type { Log, LogFields } from "./log.ts";

/** The lines of one kind that are written in a period. */
const BURST = 20;
const PERIOD_MS = 10_000;
/** The kinds that are told apart in a period. All further lines count as one kind. */
const KINDS_MAX = 100;
/** The fields that tell apart kinds of lines with the same level and message. */
const TOLD_APART_BY = ["handler", "code", "name"] as const;

type Level = "debug" | "warn" | "error";
export type BurstLog = Pick<Log, Level>;

/** A kind of line. `common`: the fields that its lines share. */
type Kind = { readonly level: Level; readonly common: LogFields; written: number; leftOut: number };

/** The same log, but with only a burst of each kind of line. When the period ends, a line says how many were left out. */
export function logBursts(log: BurstLog, clock: Pick<Clock, "monotonicMs" | "after">): BurstLog {
  const kinds = new Map<string, Kind>();
  let sinceMs = Number.NEGATIVE_INFINITY;
  let tellsSoon = false;

  function say(level: Level, message: string, fields: LogFields): void {
    const nowMs = clock.monotonicMs();
    // A period in which nothing was left out needs no line at its end.
    if (!tellsSoon && nowMs - sinceMs >= PERIOD_MS) {
      kinds.clear();
      sinceMs = nowMs;
    }
    const kind = kindOf(level, message, fields);
    if (kind.written < BURST) {
      kind.written += 1;
      return log[level](message, fields);
    }
    kind.leftOut += 1;
    if (tellsSoon) return;
    tellsSoon = true;
    clock.after(sinceMs + PERIOD_MS - nowMs, tell);
  }

  function kindOf(level: Level, message: string, fields: LogFields): Kind {
    const apart = TOLD_APART_BY.filter((name) => name in fields);
    const key = [level, message, ...apart.map((name) => String(fields[name]))].join("\n");
    const known = kinds.get(key);
    if (known !== undefined) return known;
    const isOneMore = kinds.size >= KINDS_MAX;
    const kind = isOneMore ? kinds.get(level) : undefined;
    if (kind !== undefined) return kind;
    const common = isOneMore ? {} : { line: message, ...Object.fromEntries(apart.map((name) => [name, fields[name]])) };
    const first: Kind = { level, common, written: 0, leftOut: 0 };
    kinds.set(isOneMore ? level : key, first);
    return first;
  }

  function tell(): void {
    tellsSoon = false;
    sinceMs = Number.NEGATIVE_INFINITY;
    for (const { level, common, leftOut } of kinds.values()) {
      if (leftOut > 0) log[level]("Further lines like these were left out.", { ...common, leftOut, periodMs: PERIOD_MS });
    }
  }

  return {
    debug: (message, fields = {}) => say("debug", message, fields),
    warn: (message, fields = {}) => say("warn", message, fields),
    error: (message, fields = {}) => say("error", message, fields),
  };
}

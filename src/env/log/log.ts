/**
 * Structured logs: one JSON object per line on stderr, or one readable line on a terminal. (stdout is for what a person
 * reads at the start.)
 */
import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { LOG_LEVELS } from "../config/kinds.ts";
import { errorFields } from "./errors.ts";
import { printable } from "./printable.ts";

/** The fields of a line, by name. An Error may be the value of a field: it is written with type, message, stack and cause. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The log. Messages are sentences for people; everything that varies goes into the fields. Logging never throws. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log, with these fields on every line. */
  with(fields: LogFields): Log;
}

export type LogOptions = {
  readonly level: Config["logLevel"];
  /** The instance's name, on every line. */
  readonly instance: string;
  /** Whether lines are readable instead of JSON. Default: whether stderr is a terminal. */
  readonly pretty?: boolean;
  /** The receiver of each line, with its newline. Default: stderr, written at once, so that a crash loses none. */
  readonly write?: (line: string) => void;
};

export function createLog(options: LogOptions): Log {
  let writer: Logger | null = null;
  return logOn(() => (writer ??= createWriter(options)), options.level);
}

/**
 * Loads the library that writes lines, if no line has done so yet. It takes 20 ms of CPU in every thread, and few threads
 * ever write a line. It must be loaded before files run out: the first line may be the one that says so.
 */
export function prepareLog(): typeof import("pino") {
  return require("pino") as typeof import("pino");
}

function createWriter({ level, instance, pretty = process.stderr.isTTY === true, write }: LogOptions): Logger {
  const { pino } = prepareLog();
  const toStderr = write === undefined ? pino.destination({ fd: 2, sync: true }) : null;
  // The terminal was closed, or the disk is full. Nobody can be told, and that is no reason to end.
  toStderr?.on("error", () => undefined);
  const out = write ?? ((line: string) => void toStderr?.write(line));
  const destination = pretty ? { write: (line: string) => out(readable(line)) } : (toStderr ?? { write: out });
  return pino(
    {
      level,
      base: { instance },
      messageKey: "message",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: plain },
    },
    destination,
  );
}

function logOn(writer: () => Logger, level: LogOptions["level"]): Log {
  const least = LOG_LEVELS.indexOf(level);
  const at = (name: "debug" | "info" | "warn" | "error") => {
    const isSaid = LOG_LEVELS.indexOf(name) >= least;
    return (message: string, fields: LogFields = {}): void => {
      if (isSaid) writer()[name](fields, message);
    };
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with(fields) {
      let child: Logger | null = null;
      return logOn(() => (child ??= writer().child(plain(fields))), level);
    },
  };
}

/** The fields as JSON can show them: an Error's own fields are not enumerable and would show as `{}`; a BigInt would throw. */
function plain(fields: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    result[name] = name === HANDLERS_OWN && isFields(value) ? plain(value) : plainValue(value);
  }
  return result;
}

/** The name under which the fields of a handler's line stand. */
const HANDLERS_OWN = "fields";

function plainValue(value: unknown): unknown {
  if (value instanceof Error) return errorFields(value);
  return typeof value === "bigint" ? value.toString() : value;
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !(value instanceof Error) && !Array.isArray(value);
}

function readable(line: string): string {
  const { time, level, instance: _, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(([name, value]) => ` ${printable(name)}=${shown(value)}`);
  return `${String(time).slice(11, 23)} ${String(level).toUpperCase().padEnd(5)} ${printable(String(message))}${rest.join("")}\n`;
}

/** A value as text: an error by its stack and those of its causes, everything else as JSON. */
function shown(value: unknown): string {
  if (typeof value === "object" && value !== null && "stack" in value) {
    const own = printable(String(value.stack), { lines: true });
    return "cause" in value ? `${own}\n  caused by ${shown(value.cause)}` : own;
  }
  return printable(typeof value === "string" ? value : JSON.stringify(value));
}

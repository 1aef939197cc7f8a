/** The kinds of values that a setting can have: how each is read from text, and how it is described in an error. */

/** One kind. `parse` returns null for what it cannot read. `expected` completes "expected …". `show` writes a value as a user would. */
export type Kind<T> = {
  readonly expected: string;
  parse(text: string): T | null;
  show(value: T): string;
  /** Whether the setting is hidden from handlers. */
  isSecret?(given: string): boolean;
};

export const text: Kind<string> = { expected: "a text", parse: (given) => given, show: (value) => value };

export const secret: Kind<string> = { ...text, isSecret: () => true };

/** Whether an address holds a user and a password. */
const hasCredentials = (given: string): boolean => given.includes("@");

export const host: Kind<string> = {
  expected: "a host name or an address, without protocol and port",
  parse: (given) => (/^[\w.-]+$/.test(given) || /^[0-9a-f:]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(given) ? given : null),
  show: (value) => value,
};

/** The part of a topic's name that Kafka allows. */
export const topicPrefix: Kind<string> = {
  expected: "letters, digits, dots, hyphens and underscores, 100 at the most",
  parse: (given) => (/^[\w.-]{1,100}$/.test(given) ? given : null),
  show: (value) => value,
};

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Kind<number> {
  const upTo = max === Number.MAX_SAFE_INTEGER ? `, at least ${min}` : ` from ${min} to ${max}`;
  return {
    expected: `a whole number${upTo}`,
    parse: (given) => (/^\d+$/.test(given) && Number(given) >= min && Number(given) <= max ? Number(given) : null),
    show: String,
  };
}

export const port: Kind<number> = integer(0, 65_535);

/** A port, or `tcp://address:port`: Kubernetes sets REDIS_PORT to that if a service is named redis. */
export const linkedPort: Kind<number> = { ...port, parse: (given) => port.parse(given.replace(/^tcp:\/\/.*:/, "")) };

/** True or false, in the words of shells, YAML and Python. */
export const flag: Kind<boolean> = {
  expected: "true or false",
  parse: (given) =>
    ({ true: true, 1: true, yes: true, on: true, false: false, 0: false, no: false, off: false })[given.toLowerCase()] ?? null,
  show: String,
};

/** A flag that other programs use with other meanings (`DEBUG=express:*`): everything but a clear yes is a no. */
export const looseFlag: Kind<boolean> = { ...flag, parse: (given) => flag.parse(given) ?? false };

/** One of several words, in any case. */
export function oneOf<const T extends string>(...words: readonly T[]): Kind<T> {
  return {
    expected: words.map((word) => `"${word}"`).join(" or "),
    parse: (given) => words.find((word) => word === given.toLowerCase()) ?? null,
    show: String,
  };
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** The longest duration. A longer timer would overflow. */
const DURATION_MAX_MS = 365 * UNIT_MS.d;

/** Milliseconds from "30s", "1.5h", "1m30s", or from a number without a unit, which counts in `bare`. */
export function duration(bare: "ms" | "s"): Kind<number> {
  return {
    expected: `a duration such as "500ms", "30s" or "1h", or a number of ${bare === "ms" ? "milliseconds" : "seconds"}`,
    parse(given) {
      const totalMs = /^\d+(\.\d+)?$/.test(given) ? Number(given) * UNIT_MS[bare] : sumOfParts(given.toLowerCase());
      return totalMs !== null && totalMs <= DURATION_MAX_MS ? totalMs : null;
    },
    show: (ms) => inLargestUnit(ms, UNIT_MS),
  };
}

const UNIT_BYTES = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;

/** Bytes from "32MiB", "32 MB", "32m" (all of them powers of 1024) or a plain number. */
export const bytes: Kind<number> = {
  expected: 'a size such as "32MiB" or "500KiB", or a number of bytes',
  parse(given) {
    const [, amount, letter = ""] = /^(\d+(?:\.\d+)?)\s*(?:([kmg])(?:i?b)?|b)?$/i.exec(given) ?? [];
    const factor = { "": 1, k: UNIT_BYTES.KiB, m: UNIT_BYTES.MiB, g: UNIT_BYTES.GiB }[letter.toLowerCase()];
    const size = Math.floor(Number(amount) * (factor ?? Number.NaN));
    return size >= 1 && Number.isSafeInteger(size) ? size : null;
  },
  show: (value) => inLargestUnit(value, UNIT_BYTES),
};

/** A number of milliseconds, or a range of them. */
export const latency: Kind<{ readonly min: number; readonly max: number }> = {
  expected: 'a number of milliseconds or a range such as "1000-2000"',
  parse(given) {
    const [, from, to = from] = /^(\d{1,7})(?:\s*-\s*(\d{1,7}))?$/.exec(given) ?? [];
    const [min, max] = [Number(from), Number(to)];
    return min <= max ? { min, max } : null;
  },
  show: ({ min, max }) => (min === max ? `${min}` : `${min}-${max}`),
};

/** A URL with one of the protocols (given with their colon), kept as it came, without a slash at its end. */
export function url(...protocols: readonly string[]): Kind<string> {
  return {
    expected: `a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`,
    parse: (given) => (URL.canParse(given) && protocols.includes(new URL(given).protocol) ? given.replace(/\/+$/, "") : null),
    show: String,
    isSecret: hasCredentials,
  };
}

const anyRedisUrl = url("redis:", "rediss:");

/** A URL of Redis. It ends with the number of a database or with nothing. */
export const redisAddress: Kind<string> = {
  expected: `${anyRedisUrl.expected}, at its end the number of a database or nothing`,
  parse: (given) => (URL.canParse(given) && /^(\/\d{0,9})?$/.test(new URL(given).pathname) ? anyRedisUrl.parse(given) : null),
  show: String,
  isSecret: hasCredentials,
};

/** Kafka brokers: `host:port`, separated by commas; 9092 where a port is missing. */
export const brokers: Kind<readonly string[]> = {
  expected: 'addresses such as "kafka-1:9092,kafka-2:9092"',
  parse(given) {
    const list = given.split(",").map((address) => address.trim());
    if (!list.every((address) => /^(\[[0-9a-f:]+\]|[\w.-]+)(:\d{1,5})?$/i.test(address))) return null;
    return list.map((address) => (/:\d+$/.test(address) ? address : `${address}:9092`));
  },
  show: (list) => list.join(","),
};

/** Texts between commas, in lower case. Each must have the form. */
function list(expected: string, form: RegExp): Kind<readonly string[]> {
  return {
    expected,
    parse(given) {
      const items = given.split(",").map((item) => item.trim().toLowerCase());
      return items.every((item) => form.test(item)) ? items : null;
    },
    show: (items) => items.join(","),
  };
}

export const hostNames: Kind<readonly string[]> = list(
  'names such as "troupe.example.com,*.internal.example.com", without protocol and port',
  /^(?:\*\.)?[\w-]+(?:\.[\w-]+)*$/,
);

export const origins: Kind<readonly string[]> = list(
  'origins such as "https://app.example.com,http://localhost:5173", without a path',
  /^[a-z][a-z\d+.-]*:\/\/(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/,
);

/** Levels, from the one that logs most to the one that logs nothing. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
/** Other names of levels: Python's, and others in use. */
const LOG_LEVEL_ALIASES: Readonly<Record<string, LogLevel>> = {
  notset: "trace",
  warning: "warn",
  critical: "fatal",
  off: "silent",
  none: "silent",
};

export const logLevel: Kind<LogLevel> = {
  expected: `a log level: ${LOG_LEVELS.join(", ")} (in any case; WARNING and CRITICAL too)`,
  parse: (given) => LOG_LEVELS.find((level) => level === given.toLowerCase()) ?? LOG_LEVEL_ALIASES[given.toLowerCase()] ?? null,
  show: String,
};

/** Milliseconds of "1h30m", or null if some part of it is not a duration. */
function sumOfParts(given: string): number | null {
  let totalMs = 0;
  let end = 0;
  for (const [part, amount, unit] of given.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*/gy)) {
    totalMs += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
    end += part.length;
  }
  return end > 0 && end === given.length ? totalMs : null;
}

/** A value in the largest unit that divides it: 3600000 as "1h". */
function inLargestUnit(value: number, units: Readonly<Record<string, number>>): string {
  const fitting = Object.entries(units).filter(([, size]) => value % size === 0 && value >= size);
  const [unit, size] = fitting.at(-1) ?? Object.entries(units)[0] ?? ["", 1];
  return `${value / size}${unit}`;
}

/** Durations as users write them: a number of seconds, or a string with units such as "30s", "1h30m" or "250 ms". */
import parse from "parse-duration";

/** The longest duration: a year. More is a mistake, and this is far below what timers and dates can hold. */
export const DURATION_MAX_MS = 365 * 24 * 60 * 60 * 1000;

/** Milliseconds, or null if the value cannot be read, is negative or is longer than a year. */
export function durationMs(value: number | string): number | null {
  const ms = typeof value === "number" ? value * 1000 : parseText(value);
  return ms !== null && ms >= 0 && ms <= DURATION_MAX_MS ? ms : null;
}

const PART = /(\d+(?:\.\d+)?)\s*([a-zA-Zµ]+)\s*/y;
const LENGTH_MAX = 60;

/**
 * The milliseconds of a text. The library skips unknown parts and accepts a leading minus and a bare number, so every part
 * is checked here first.
 */
function parseText(value: string): number | null {
  const text = value.trim();
  if (text.length > LENGTH_MAX) return null;
  let totalMs: number | null = null;
  PART.lastIndex = 0;
  for (let part = PART.exec(text), end = 0; part !== null; part = PART.exec(text)) {
    const ms = parse(part[0]);
    if (ms === null) return null;
    totalMs = (totalMs ?? 0) + ms;
    end = PART.lastIndex;
    if (end === text.length) return totalMs;
  }
  return null;
}

/** Which durations can be read. */
import { expect, test } from "bun:test";
import { DURATION_MAX_MS, durationMs } from "../../../src/workflow/definition/duration.ts";

test.each([
  [30, 30_000],
  [0.25, 250],
  [0, 0],
  ["30s", 30_000],
  ["250ms", 250],
  ["1h30m", 5_400_000],
  ["1h 30m", 5_400_000],
  [" 2 minutes ", 120_000],
  ["1.5d", 129_600_000],
  ["0s", 0],
  [DURATION_MAX_MS / 1_000, DURATION_MAX_MS],
])("%p is %p ms", (written, ms) => {
  expect(durationMs(written)).toBe(ms);
});

test.each([
  -1,
  "-5s",
  Number.POSITIVE_INFINITY,
  Number.NaN,
  "Infinity",
  "",
  "30",
  "s",
  "5s 3foo",
  "5 banana",
  "5s!",
  "1e3s",
  "400d",
  "constructor",
  `${"1".repeat(70)}s`,
])("%p cannot be read", (written) => {
  expect(durationMs(written)).toBeNull();
});

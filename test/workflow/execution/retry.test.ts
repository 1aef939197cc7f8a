/** How long to wait before the next attempt. */
import { describe, expect, test } from "bun:test";
import type { RetryPolicy } from "../../../src/workflow/plan/plan.ts";
import { backoffMs } from "../../../src/workflow/execution/retry.ts";

const policy: RetryPolicy = {
  maxAttempts: 10,
  initialIntervalMs: 1_000,
  backoffCoefficient: 2,
  maxIntervalMs: 5_000,
  jitter: "none",
  nonRetryable: [],
};

describe("the backoff", () => {
  test("grows with each failure, up to its maximum", () => {
    expect([1, 2, 3, 4, 5].map((failures) => backoffMs(policy, failures, 0.5))).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
  });
  test("with full jitter is anything from nothing to all of it", () => {
    const full = { ...policy, jitter: "full" } as const;
    expect([0, 0.5, 0.999].map((random) => backoffMs(full, 2, random))).toEqual([0, 1_000, 1_998]);
  });
  test("with equal jitter is at least half of it", () => {
    const equal = { ...policy, jitter: "equal" } as const;
    expect([0, 0.5].map((random) => backoffMs(equal, 2, random))).toEqual([1_000, 1_500]);
  });
  test("stays finite after ten thousand failures", () => expect(backoffMs(policy, 10_000, 0.5)).toBe(5_000));
  test("of no time stays no time after ten thousand failures", () => {
    for (const jitter of ["none", "full", "equal"] as const) {
      expect(backoffMs({ ...policy, initialIntervalMs: 0, jitter }, 10_000, 0.5)).toBe(0);
    }
  });
});

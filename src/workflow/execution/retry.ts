/** When the next attempt may begin. */
import type { RetryPolicy } from "../plan/plan.ts";

/** Milliseconds to wait after the `failures`-th failure (from 1). `random`: from 0 to 1, used by jitter alone. */
export function backoffMs(policy: RetryPolicy, failures: number, random: number): number {
  // After some hundred failures the power is Infinity, which 0 times is no number: a due time that never comes.
  const growth = Math.min(policy.backoffCoefficient ** (failures - 1), Number.MAX_VALUE);
  const intervalMs = Math.min(policy.initialIntervalMs * growth, policy.maxIntervalMs);
  switch (policy.jitter) {
    case "none":
      return intervalMs;
    case "full":
      return intervalMs * random;
    case "equal":
      return intervalMs / 2 + (intervalMs / 2) * random;
  }
}

/** The backoff of a retry, by its node's policy. Whether there is one, and whether the failure asks for longer, is in decide.ts. */
import type { RetryPolicy } from "../plan/plan.ts";

/** The backoff in milliseconds after the `failures`-th failure (from 1). `random`: from 0 to 1, used by jitter only. */
export function backoffMs(policy: RetryPolicy, failures: number, random: number): number {
  // After some hundred failures the power is Infinity, and 0 times Infinity is NaN: a due time that never comes.
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

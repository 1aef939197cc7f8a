/** When the next attempt may begin. */
import type { RetryPolicy } from "./graph.ts";

/** Milliseconds to wait after the `failures`-th failure (from 1). `random`: from 0 to 1, used by jitter alone. */
export function backoffMs(policy: RetryPolicy, failures: number, random: number): number {
  const grown = policy.initialIntervalMs * policy.backoffCoefficient ** (failures - 1);
  const intervalMs = Math.min(grown, policy.maxIntervalMs);
  switch (policy.jitter) {
    case "none":
      return intervalMs;
    case "full":
      return intervalMs * random;
    case "equal":
      return intervalMs / 2 + (intervalMs / 2) * random;
  }
}

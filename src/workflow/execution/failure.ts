/** The reason why an attempt failed, as data: a node's error, an execution's error and the retry rule are made from it. */

/**
 * Kinds of failures:
 * - `handler`: the handler threw or rejected; `timeout`: it did not end in time. Both are retried unless the handler says
 *   otherwise.
 * - `template_error` (missing data), `bad_config` (refused by the handler's schema, or no such handler), `bad_output` (not
 *   JSON, or too large), `poison` (it kills the process that it runs in): never retried.
 */
export const FAILURE_KINDS = ["handler", "timeout", "template_error", "bad_config", "bad_output", "poison"] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

export type Failure = {
  readonly kind: FailureKind;
  /** A short code for machines, such as `card_declined` or `ECONNREFUSED`; the kind if nothing better is known. */
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  /** The earliest time of the next attempt, counted from the failure, in milliseconds. */
  readonly retryAfterMs?: number;
  /** The place in the user's code where it was thrown, 2 KiB at most. Only a node's first failures and its last one keep it. */
  readonly stack?: string;
};

/** The number of first failures whose stacks are kept, beside that of the last one. */
export const STACKS_KEPT = 3;

/** The failure without its stack; the same object if it has none. */
export function withoutStack(failure: Failure): Failure {
  if (failure.stack === undefined) return failure;
  const { stack: _, ...rest } = failure;
  return rest;
}

const NEVER_RETRIED: ReadonlySet<FailureKind> = new Set(["template_error", "bad_config", "bad_output", "poison"]);

/** Whether another attempt may follow this failure, if one is left. */
export function mayRetry(failure: Failure): boolean {
  return failure.retryable && !NEVER_RETRIED.has(failure.kind);
}

/** The sentence that an execution's `error` shows: node, attempt and cause. */
export function sentenceOf(node: string, attempt: number, failure: Failure): string {
  return `Node "${node}" failed on attempt ${attempt} (${failure.code}): ${failure.message}`;
}

/** The Failure for whatever a handler threw. It is a foreign value: reading it may throw too. */
import { HandlerError } from "./handler.ts";
import { stackOf } from "./stack.ts";
import type { Failure, FailureKind } from "../workflow/execution/failure.ts";

const MESSAGE_MAX = 2_000;
const CODE = /^[A-Za-z0-9_.-]{1,64}$/;
/** The longest pause that a service may ask for. A service may ask for years; an execution does not wait so long. */
const RETRY_AFTER_MAX_MS = 24 * 60 * 60 * 1000;

/** The failure for a thrown value. A plain throw may be tried again; a HandlerError says itself. Never throws. */
export function failureOf(thrown: unknown): Failure {
  try {
    if (thrown instanceof HandlerError) return ofHandlerError(thrown);
    if (thrown instanceof Error) return ofError(thrown);
    return {
      kind: "handler",
      code: "thrown",
      message: cut(typeof thrown === "string" ? thrown : Bun.inspect(thrown, { depth: 2 })),
      retryable: true,
    };
  } catch {
    return { kind: "handler", code: "thrown", message: "The handler threw a value that cannot be read.", retryable: true };
  }
}

/** A failure that is never tried again, because the same config or output would fail in the same way. */
export function lastingFailure(kind: Extract<FailureKind, "bad_config" | "bad_output">, code: string, message: string): Failure {
  return { kind, code, message: cut(message), retryable: false };
}

function ofHandlerError(error: HandlerError): Failure {
  const { code, message, retryable, retryAfterMs } = error;
  const failure = withStack(error, {
    kind: "handler",
    code: codeOf(code) ?? "HandlerError",
    message: cut(message),
    retryable: retryable !== false,
  });
  if (typeof retryAfterMs !== "number" || !(retryAfterMs >= 0)) return failure;
  return { ...failure, retryAfterMs: Math.min(retryAfterMs, RETRY_AFTER_MAX_MS) };
}

function ofError(error: Error): Failure {
  const code = codeOf((error as { readonly code?: unknown }).code) ?? codeOf(error.name) ?? "Error";
  const cause = error.cause instanceof Error && error.cause.message !== "" ? ` (${error.cause.message})` : "";
  return withStack(error, { kind: "handler", code, message: cut(`${String(error.message) || error.name}${cause}`), retryable: true });
}

function withStack(error: Error, failure: Failure): Failure {
  const stack = stackOf(error);
  return stack === undefined ? failure : { ...failure, stack };
}

function codeOf(value: unknown): string | null {
  return typeof value === "string" && CODE.test(value) ? value : null;
}

function cut(message: string): string {
  return message.length <= MESSAGE_MAX ? message : `${message.slice(0, MESSAGE_MAX)}…`;
}

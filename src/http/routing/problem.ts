/** Problem documents (RFC 9457): the answer to everything that is refused. */
import type { Unavailable } from "../../engine/engine.ts";

export type ProblemStatus = keyof typeof TITLES;

export type Problem = {
  readonly status: ProblemStatus;
  /** A sentence for people: what is wrong, and what would be right. */
  readonly detail: string;
  /** A code for programs that says what is in the way. Every 409 has one. */
  readonly code?: string;
  /** The places of the faults, as far as they are known. */
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  readonly headers?: Readonly<Record<string, string>>;
};

/** A part of an answer that may be refused on the way. */
export type Refusal = { readonly ok: false; readonly problem: Problem };

export const PROBLEM_TYPE = "application/problem+json";

/** The problem as a response. */
export function problemAnswer(problem: Problem): Response {
  const { status } = problem;
  return new Response(JSON.stringify(problemDocumentOf(problem)), {
    status,
    headers: { "content-type": PROBLEM_TYPE, "cache-control": "no-store", ...problem.headers },
  });
}

/** The document that a client reads. */
export function problemDocumentOf({ status, detail, code, errors }: Problem): object {
  return {
    type: "about:blank",
    title: TITLES[status],
    status,
    detail,
    ...(code === undefined ? {} : { code }),
    ...(errors && { errors: errors.slice(0, ERRORS_MAX) }),
  };
}

export function isProblemStatus(status: number): status is ProblemStatus {
  return Object.hasOwn(TITLES, status);
}

export function problemOf(status: ProblemStatus, detail: string): Problem {
  return { status, detail };
}

export function refuse(status: ProblemStatus, detail: string, more: Pick<Problem, "errors" | "headers"> = {}): Refusal {
  return { ok: false, problem: { status, detail, ...more } };
}

/** The same words as in the older systems, whose clients look for them. */
export const NOT_FOUND: Problem = { status: 404, detail: "Workflow not found" };

/** The problem 503: nothing is wrong with the request. */
export function unavailable({ reason, retryAfterMs }: Unavailable): Problem {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  return { status: 503, detail: sentence(reason), headers: { "retry-after": String(seconds) } };
}

/** The text with a capital letter and a full stop. */
export function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** The number of faults that are listed: a document may have 100,000. */
const ERRORS_MAX = 100;

const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

/** How a route is described in the OpenAPI document: what was short beside the route is complete here. */
import { describeRoute, resolver } from "hono-openapi";
import { PROBLEM_TYPE, type ProblemStatus } from "../problem.ts";
import { problemDocument } from "./answers.ts";
import { BODIES } from "./bodies.ts";
import type { AnswerDescription, RouteDescription } from "./description.ts";

export function described({ tag, summary, description, body, answers, problems }: RouteDescription) {
  const responses: Record<string, object> = {};
  for (const [status, answer] of Object.entries(answers)) responses[status] = answerOf(answer);
  for (const status of [...problems, ...OF_ALL] as const) responses[status] = problemOf(status);
  return describeRoute({
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(body === undefined ? {} : { requestBody: BODIES[body] }),
    responses: responses as NonNullable<Parameters<typeof describeRoute>[0]["responses"]>,
  });
}

function answerOf({ description, schema, mediaType = "application/json", headers = [] }: AnswerDescription): object {
  return {
    description,
    ...(schema === undefined ? {} : { content: { [mediaType]: { schema: resolver(schema) } } }),
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers.map((name) => [name, headerOf(HEADERS[name])])) }),
  };
}

function problemOf(status: ProblemStatus): object {
  const headers = HEADERS_OF_PROBLEMS[status];
  return {
    description: PROBLEMS[status],
    content: { [PROBLEM_TYPE]: { schema: resolver(problemDocument) } },
    ...(headers === undefined ? {} : { headers: { [headers]: headerOf(HEADERS[headers]) } }),
  };
}

function headerOf(description: string): object {
  return { description, schema: { type: "string" } };
}

const HEADERS = {
  Location: "Where the new execution is",
  Link: 'The next page, with rel="next"',
  ETag: "Names this state of the execution",
  Allow: "The methods that this path takes",
  "Retry-After": "Seconds after which to come again",
} as const;

/** The server may refuse who calls, and fail, whichever route is asked for. */
const OF_ALL = [403, 421, 500] as const;

const HEADERS_OF_PROBLEMS: Partial<Record<ProblemStatus, keyof typeof HEADERS>> = { 405: "Allow", 503: "Retry-After" };

const PROBLEMS: Readonly<Record<ProblemStatus, string>> = {
  400: "It cannot be read, or is no valid definition: broken or too deep JSON, a cycle, an unknown dependency or handler, a doubled id.",
  403: "The caller is a page of another site, or came through a proxy that is not known.",
  404: "There is no such execution.",
  405: "This path does not take this method.",
  413: "The body is larger than the limit.",
  415: "The content type is neither JSON nor YAML, or the body is compressed.",
  421: "The Host is not known as a name of this server.",
  422: "It is JSON, but not of the right shape; or the Idempotency-Key was used for another body.",
  500: "Something went wrong inside Troupe.",
  503: "Full, stopping, or the store is away: come again.",
};

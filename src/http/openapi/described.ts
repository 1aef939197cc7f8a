/** How a route is described in the OpenAPI document: what was short beside the route is complete here. */
import { describeRoute, resolver } from "hono-openapi";
import { PROBLEM_TYPE, problemDocumentOf, type ProblemStatus } from "../routing/problem.ts";
import { problemDocument } from "./answers.ts";
import { BODIES } from "./bodies.ts";
import type { AnswerDescription, RouteDescription } from "../routing/description.ts";
import { type ProblemName, PROBLEMS } from "../routing/refusals.ts";

export function described({ tag, summary, description, body, answers, problems }: RouteDescription) {
  const responses: Record<string, object> = {};
  for (const [status, answer] of Object.entries(answers)) responses[status] = answerOf(answer);
  const byStatus = Map.groupBy(new Set([...problems, ...ofServer(tag)]), (name) => PROBLEMS[name].example.status);
  for (const [status, names] of byStatus) responses[status] = problemOf(status, names);
  return describeRoute({
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(body === undefined ? {} : { requestBody: BODIES[body] }),
    responses: responses as NonNullable<Parameters<typeof describeRoute>[0]["responses"]>,
  });
}

function answerOf({ description, schema, examples, mediaType = "application/json", headers = [] }: AnswerDescription): object {
  const shown = examples && { examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }])) };
  return {
    description,
    ...(schema === undefined ? {} : { content: { [mediaType]: { schema: resolver(schema), ...shown } } }),
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers.map((name) => [name, headerOf(HEADERS[name])])) }),
  };
}

function problemOf(status: ProblemStatus, names: readonly ProblemName[]): object {
  const headers = HEADERS_OF_PROBLEMS[status];
  const examples = Object.fromEntries(names.map((name) => [name, { value: problemDocumentOf(PROBLEMS[name].example) }]));
  return {
    description: [...new Set(names.map((name) => PROBLEMS[name].description))].join(" Or: "),
    content: { [PROBLEM_TYPE]: { schema: resolver(problemDocument), examples } },
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

/** What the server refuses before any route is asked. Probes come under whatever name of the host. */
function ofServer(tag: RouteDescription["tag"]): readonly ProblemName[] {
  return tag === "operations" ? ["badHost", "foreignPage", "starting"] : ["badHost", "foreignPage", "unknownHost", "starting"];
}

const HEADERS_OF_PROBLEMS: Partial<Record<ProblemStatus, keyof typeof HEADERS>> = { 405: "Allow", 503: "Retry-After" };

/** The description of a route in the OpenAPI document, completed from the short form beside the route. */
import { describeRoute, resolver } from "hono-openapi";
import type { GenericSchema } from "valibot";
import { type AnswerDescription, type BodyDescription, HEADERS, type RouteDescription } from "../routing/description.ts";
import { PROBLEM_TYPE, problemDocumentOf, type ProblemStatus } from "../routing/problem.ts";
import { unknownParameters } from "../routing/query.ts";
import { type ProblemDescription, PROBLEMS, tooLarge } from "../routing/refusals.ts";
import type { DescribedRoute } from "../routing/routes.ts";
import { conflictDocument, problemDocument } from "./problems.ts";

type OpenApi = Required<Parameters<typeof describeRoute>[0]>;

export function described(route: DescribedRoute) {
  const { tag, summary, description, answers } = route.description;
  const { body } = route;
  const responses: Record<string, object> = {};
  for (const [status, answer] of Object.entries(answers)) responses[status] = answerOf(answer);
  const byStatus = Map.groupBy(problemsOf(route), ([, { example }]) => example.status);
  for (const [status, problems] of byStatus) responses[status] = problemOf(status, problems);
  return describeRoute({
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(body === null ? {} : { requestBody: bodyOf(body) }),
    responses: responses as OpenApi["responses"],
  });
}

function bodyOf({ required, description, schema, examples, mediaTypes = DOCUMENT_TYPES }: BodyDescription): OpenApi["requestBody"] {
  const shape = isValibot(schema) ? resolver(schema, { options: { overrideSchema } }) : schema;
  const content = Object.fromEntries(mediaTypes.map((type, at) => [type, { schema: shape, ...(at === 0 && { examples }) }]));
  return { required, description, content } as OpenApi["requestBody"];
}

const DOCUMENT_TYPES = ["application/json", "application/yaml"];

function isValibot(schema: BodyDescription["schema"]): schema is GenericSchema {
  return schema.kind === "schema";
}

/** Replaces the schema `custom`, with which a user's own map is checked and which the converter does not know. */
function overrideSchema({ valibotSchema }: { readonly valibotSchema: { readonly type: string } }) {
  return valibotSchema.type === "custom" ? { type: "object" as const, additionalProperties: true } : undefined;
}

function answerOf({ description, schema, examples, mediaType = "application/json", headers = [] }: AnswerDescription): object {
  const shown = examples && { examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }])) };
  const named = headers.map((header) => (typeof header === "string" ? ([header, HEADERS[header]] as const) : header));
  return {
    description,
    ...(schema === undefined ? {} : { content: { [mediaType]: { schema: resolver(schema), ...shown } } }),
    ...(named.length === 0 ? {} : { headers: Object.fromEntries(named.map(([name, meaning]) => [name, headerOf(meaning)])) }),
  };
}

type NamedProblem = readonly [name: string, problem: ProblemDescription];

function problemsOf({ description, query, otherParameters, body }: DescribedRoute): readonly NamedProblem[] {
  const { tag, problems, ownProblems = {} } = description;
  const names = [...new Set([...problems, ...ofServer(tag)])];
  const all = new Map<string, ProblemDescription>(names.map((name) => [name, PROBLEMS[name]]));
  if (otherParameters === "refused") all.set("unknownParameter", unknownParameter(Object.keys(query?.entries ?? {})));
  if (all.has("tooLarge") && body?.bytesMax !== undefined) all.set("tooLarge", tooLarge(body.bytesMax));
  return [...all, ...Object.entries(ownProblems)];
}

function unknownParameter(known: readonly string[]): ProblemDescription {
  return { description: "A query parameter is not known.", example: unknownParameters(["colour"], known).problem };
}

function problemOf(status: ProblemStatus, problems: readonly NamedProblem[]): object {
  const header = HEADER_OF_PROBLEM[status];
  const schema = status === 409 ? conflictDocument : problemDocument;
  const examples = Object.fromEntries(problems.map(([name, { example }]) => [name, { value: problemDocumentOf(example) }]));
  return {
    description: [...new Set(problems.map(([, { description }]) => description))].join(" Or: "),
    content: { [PROBLEM_TYPE]: { schema: resolver(schema), examples } },
    ...(header === undefined ? {} : { headers: { [header]: headerOf(HEADERS[header]) } }),
  };
}

function headerOf(description: string): object {
  return { description, schema: { type: "string" } };
}

/** The refusals of the server before any route is asked. Probes may come under any name of the host. */
function ofServer(tag: RouteDescription["tag"]): RouteDescription["problems"] {
  return tag === "operations" ? ["badHost", "foreignPage", "starting"] : ["badHost", "foreignPage", "unknownHost", "starting"];
}

const HEADER_OF_PROBLEM: Partial<Record<ProblemStatus, keyof typeof HEADERS>> = {
  401: "WWW-Authenticate",
  405: "Allow",
  429: "Retry-After",
  503: "Retry-After",
};

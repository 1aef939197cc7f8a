/** What is said of a route beside it. The OpenAPI document is made from it when somebody asks for that. */
import type { GenericSchema } from "valibot";
import type { ProblemDescription, ProblemName } from "./refusals.ts";

export type RouteDescription = {
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly description?: string;
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** Of those in refusals.ts; beside them the server itself refuses who may not call, whichever route is asked for. */
  readonly problems: readonly ProblemName[];
  /** What no other route refuses, by a short name each. */
  readonly ownProblems?: Readonly<Record<string, ProblemDescription>>;
};

export type AnswerDescription = {
  readonly description: string;
  readonly schema?: GenericSchema;
  /** By a short name each. */
  readonly examples?: Readonly<Record<string, unknown>>;
  /** Where the answer is no JSON. */
  readonly mediaType?: string;
  /** One of HEADERS, or a header of this route's own with its description. */
  readonly headers?: readonly (keyof typeof HEADERS | readonly [name: string, description: string])[];
};

/** A request's body, as JSON or YAML. */
export type BodyDescription = {
  /** False: it may be left out. */
  readonly required: boolean;
  readonly description: string;
  /** Of valibot, or as it stands in the document. */
  readonly schema: GenericSchema | JsonSchema;
  /** By a short name each; what it shows, in a few words, and a body that is taken as it stands. */
  readonly examples: Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;
};

type JsonSchema = { readonly kind?: never; readonly [keyword: string]: unknown };

/** In the order of the document. */
export const TAGS = {
  workflows: "Submit, start and watch executions",
  steps: "The same for workflows of steps",
  operations: "How this instance is",
  documents: "About this API",
} as const;

export const HEADERS = {
  Location: "Where the new execution is",
  Link: 'The next page, with rel="next"',
  ETag: "Names this state of the execution",
  Allow: "The methods that this path takes",
  "Retry-After": "Seconds after which to come again",
  "WWW-Authenticate": "What the caller must prove, and how",
} as const;

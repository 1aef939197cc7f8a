/** The description of a route, beside it. The OpenAPI document is made from it when somebody asks for that. */
import type { GenericSchema } from "valibot";
import type { ProblemDescription, ProblemName } from "./refusals.ts";

export type RouteDescription = {
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly description?: string;
  /** The answers by status. */
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** The refusals in refusals.ts that the route may give. The server itself also refuses callers who may not call, at every route. */
  readonly problems: readonly ProblemName[];
  /** The refusals of this route only, each under a short name. */
  readonly ownProblems?: Readonly<Record<string, ProblemDescription>>;
};

export type AnswerDescription = {
  readonly description: string;
  readonly schema?: GenericSchema;
  /** Examples, each under a short name. */
  readonly examples?: Readonly<Record<string, unknown>>;
  /** The media type, if the answer is not JSON. */
  readonly mediaType?: string;
  /** One of HEADERS, or a header of this route's own with its description. */
  readonly headers?: readonly (keyof typeof HEADERS | readonly [name: string, description: string])[];
};

/** A request's body. */
export type BodyDescription = {
  /** False: it may be left out. */
  readonly required: boolean;
  readonly description: string;
  /** A schema of valibot, or as it stands in the document. */
  readonly schema: GenericSchema | JsonSchema;
  /** Examples, each under a short name: what it shows, in a few words, and a body that is used as it is. */
  readonly examples: Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;
  /** The media types if they are not JSON and YAML. The examples are of the first. */
  readonly mediaTypes?: readonly string[];
  /** The largest body, if it is less than APP_BODY_BYTES_MAX. */
  readonly bytesMax?: number;
};

type JsonSchema = { readonly kind?: never; readonly [keyword: string]: unknown };

/** The tags in the order of the document. */
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

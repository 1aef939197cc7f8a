/** What is said of a route beside it. The OpenAPI document is made from it when somebody asks for that. */
import type { GenericSchema } from "valibot";
import type { ProblemName } from "./refusals.ts";

export type RouteDescription = {
  readonly tag: "workflows" | "steps" | "operations" | "documents";
  readonly summary: string;
  readonly description?: string;
  /** Of those in openapi/bodies.ts. */
  readonly body?: "workflow" | "submission" | "steps" | "trigger";
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** Of those in refusals.ts; beside them the server itself refuses who may not call, whichever route is asked for. */
  readonly problems: readonly ProblemName[];
};

export type AnswerDescription = {
  readonly description: string;
  readonly schema?: GenericSchema;
  /** By a short name each. */
  readonly examples?: Readonly<Record<string, unknown>>;
  /** Where the answer is no JSON. */
  readonly mediaType?: string;
  readonly headers?: readonly ("Location" | "Link" | "ETag" | "Allow" | "Retry-After")[];
};

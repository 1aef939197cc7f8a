/** What is said of a route beside it. The OpenAPI document is made from it when somebody asks for that. */
import type { GenericSchema } from "valibot";
import type { ProblemStatus } from "../problem.ts";

export type RouteDescription = {
  readonly tag: "workflows" | "steps" | "operations" | "documents";
  readonly summary: string;
  readonly description?: string;
  /** Of those in bodies.ts. */
  readonly body?: "workflow" | "steps" | "trigger";
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** Beside these, every route may answer 500. */
  readonly problems: readonly ProblemStatus[];
};

export type AnswerDescription = {
  readonly description: string;
  readonly schema?: GenericSchema;
  /** Where the answer is no JSON. */
  readonly mediaType?: string;
  readonly headers?: readonly ("Location" | "Link" | "ETag" | "Allow" | "Retry-After")[];
};

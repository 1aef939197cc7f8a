/** The bodies that routes take, for the OpenAPI document: the schemas that check them, with the published examples. */
import { type describeRoute, resolver } from "hono-openapi";
import * as v from "valibot";
import { stepsSchema, workflowSchema } from "../../workflow/definition/definition.ts";
import type { RouteDescription } from "../routing/description.ts";
import { chainExample, parallelFetchExample, paramsByNodeExample, paramsExample, stepsExample } from "./examples.ts";

type BodyDescription = NonNullable<Parameters<typeof describeRoute>[0]["requestBody"]>;

/** Any object, which is not copied. */
const anyMap = v.custom<object>(() => true);
const anyObject = { type: "object", additionalProperties: true };

const workflowBody: BodyDescription = {
  required: true,
  description: "A workflow's definition, as JSON or YAML.",
  content: inBothTypes(schemaOf("Workflow", workflowSchema), {
    parallel: { summary: "Three calls side by side", value: parallelFetchExample },
    chain: { summary: "A chain whose nodes use what came before", value: chainExample },
  }),
};

const submissionBody: BodyDescription = {
  required: true,
  description: "A workflow's definition, as JSON or YAML; with `trigger=true` also one with its params.",
  content: inBothTypes(
    schemaOf("Submission", v.union([workflowSchema, v.object({ definition: workflowSchema, params: v.nullish(anyMap) })])),
    {
      parallel: { summary: "Three calls side by side", value: parallelFetchExample },
      chain: { summary: "A chain whose nodes use what came before", value: chainExample },
      started: { summary: "With trigger=true: a definition and its params", value: { definition: parallelFetchExample, ...paramsExample } },
    },
  ),
};

const stepsBody: BodyDescription = {
  required: true,
  description: "Steps, one after the other, each with tasks in a row or side by side.",
  content: inBothTypes(schemaOf("Steps", stepsSchema), { steps: { summary: "Two steps", value: stepsExample } }),
};

const triggerBody: BodyDescription = {
  required: false,
  description:
    "The params: an object under `params`, or, without that, the body itself. A member whose name is a node's id and whose value is an object is also put over that node's config, key by key, where the definition allows it: for the nodes in its `overrides`, and for all nodes of what POST /workflow has created.",
  content: inBothTypes(
    {
      anyOf: [
        { type: "object", properties: { params: anyObject }, required: ["params"] },
        { ...anyObject, description: "The params themselves", properties: { params: { type: "null" } } },
        { type: "null", description: "No params" },
      ],
    },
    {
      params: { summary: "Params under their name", value: paramsExample },
      bare: { summary: "Params as the body, here for one node's config, where the definition allows that", value: paramsByNodeExample },
      none: { summary: "No params", value: {} },
    },
  ),
};

/** By the name that a route's description says. */
export const BODIES: Readonly<Record<NonNullable<RouteDescription["body"]>, BodyDescription>> = {
  workflow: workflowBody,
  submission: submissionBody,
  steps: stepsBody,
  trigger: triggerBody,
};

/** The converter knows no `custom` schema, which a user's own map is checked by. */
function schemaOf(ref: string, schema: v.GenericSchema) {
  return resolver(v.pipe(schema, v.metadata({ ref })), {
    options: {
      overrideSchema: ({ valibotSchema }: { readonly valibotSchema: v.GenericSchema }) =>
        valibotSchema.type === "custom" ? anyObject : undefined,
    },
  });
}

type Content = Extract<BodyDescription, { content: unknown }>["content"];

function inBothTypes(schema: object, examples: object): Content {
  return { "application/json": { schema, examples }, "application/yaml": { schema } } as Content;
}

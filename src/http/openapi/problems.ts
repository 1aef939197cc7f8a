/** What routes refuse, each as it is answered: an example here is what a client really gets, to the letter. */
import type { Problem } from "../problem.ts";

export type ProblemDescription = { readonly description: string; readonly example: Problem };

const UNKNOWN_DEPENDENCY = 'Unknown dependency "b" of node "a".';
const WRONG_PRIORITY = "Expected number, got a string of 4 characters.";
const BROKEN = "expected a key in double quotes at line 1, column 18";
const NO_SUCH_HANDLER = 'Unknown handler "task_x" of a task. Known are: input, output, …';
const WRONG_STEP = 'Expected ("sequential" | "parallel"), got a string of 6 characters.';

/** By the name that a route's description says. */
export const PROBLEMS = {
  brokenJson: {
    description: "The body is no JSON or YAML, or is nested too deep.",
    example: { status: 400, detail: `The body is not valid JSON: ${BROKEN}.`, errors: [{ path: "", message: BROKEN }] },
  },
  badDefinition: {
    description: "The definition cannot run: a cycle, an unknown dependency or handler, a doubled id, or a doubt where it is strict.",
    example: { status: 400, detail: UNKNOWN_DEPENDENCY, errors: [{ path: "dag.nodes.0.dependencies", message: UNKNOWN_DEPENDENCY }] },
  },
  badSteps: {
    description: "The steps cannot run: there are none, or a task that nobody knows.",
    example: { status: 400, detail: NO_SUCH_HANDLER, errors: [{ path: "steps.0.tasks.0.name", message: NO_SUCH_HANDLER }] },
  },
  noExecution: { description: "There is no such execution.", example: { status: 404, detail: "Workflow not found" } },
  tooLarge: {
    description: "The body is larger than the limit (APP_BODY_BYTES_MAX).",
    example: { status: 413, detail: "The body is larger than the limit of 33554432 bytes." },
  },
  otherType: {
    description: "The content type is neither JSON nor YAML, or the body is compressed.",
    example: {
      status: 415,
      detail:
        'The content type "text/xml" is not understood; send JSON with "Content-Type: application/json" or YAML with "Content-Type: application/yaml", in UTF-8.',
    },
  },
  badShape: {
    description: "A value of the definition is of the wrong kind.",
    example: {
      status: 422,
      detail: `At dag.nodes.0.priority: ${WRONG_PRIORITY}`,
      errors: [{ path: "dag.nodes.0.priority", message: WRONG_PRIORITY }],
    },
  },
  badStepsShape: {
    description: "A value of the steps is of the wrong kind.",
    example: {
      status: 422,
      detail: `At steps.0.execution_type: ${WRONG_STEP}`,
      errors: [{ path: "steps.0.execution_type", message: WRONG_STEP }],
    },
  },
  keyReused: {
    description: "The Idempotency-Key was used for another request.",
    example: { status: 422, detail: "This Idempotency-Key was used for another request before; take a new key for a new request." },
  },
  badParams: {
    description: "The body, or `params` in it, is no object.",
    example: { status: 422, detail: "The body is a list; it must be an object, or none at all." },
  },
  badLimit: badQuery("limit", "Expected a whole number from 1 to 1000"),
  badView: badQuery("view", 'Invalid type: Expected ("full" | "summary") but received a string of 4 characters'),
  badWait: badQuery("wait", 'Expected a duration such as "5s", "500ms" or "1m"; a bare number is seconds'),
  badParamsBeside: {
    description: "`params` beside the definition is no object, or something else stands there.",
    example: {
      status: 422,
      detail: "In the body, params is a list; it must be an object or null.",
      errors: [{ path: "params", message: "is a list; it must be an object or null" }],
    },
  },
  badTrigger: badQuery("trigger", 'Invalid type: Expected ("true" | "false") but received a string of 3 characters'),
  stopping: {
    description: "It is full or stopping, or the store is away: come again.",
    example: { status: 503, detail: "The server is stopping." },
  },
  storeAway: {
    description: "The store is away, or too many large answers are on their way: come again.",
    example: { status: 503, detail: "The store does not answer." },
  },
  notReady: {
    description: "It should not be sent work now; the sentence says why.",
    example: { status: 503, detail: "This instance is stopping." },
  },
  failed: {
    description: "Something went wrong inside Troupe.",
    example: { status: 500, detail: "Something went wrong inside Troupe. The log has more, under this answer's x-request-id." },
  },
  badHost: {
    description: "The Host header is missing, or is not one name.",
    example: { status: 400, detail: "The Host header must be one name or address, with or without a port." },
  },
  foreignPage: {
    description: "The caller is a page of another site, or came through a proxy that is not known.",
    example: {
      status: 403,
      detail: 'Pages of "https://other.example" may not call this server; if they should, name their origin in APP_CORS_ORIGINS.',
    },
  },
  unknownHost: {
    description: "The Host is not known as a name of this server.",
    example: {
      status: 421,
      detail:
        '"troupe.example" is not known as a name of this server. If it is one, set APP_ALLOWED_HOSTS=troupe.example; an IP address and localhost always are.',
    },
  },
  starting: { description: "It is starting: come again.", example: { status: 503, detail: "Troupe is starting; come again." } },
} as const satisfies Readonly<Record<string, ProblemDescription>>;

export type ProblemName = keyof typeof PROBLEMS;

function badQuery(name: string, message: string): ProblemDescription {
  return {
    description: "A query parameter is not known, or its value cannot be used.",
    example: { status: 422, detail: `In the query, ${name} is not usable. ${message}.`, errors: [{ path: `query.${name}`, message }] },
  };
}

/** The refusals of routes, each as it is answered: an example here is what a client really gets, to the letter. */
import type { Problem } from "./problem.ts";

export type ProblemDescription = { readonly description: string; readonly example: Problem };

/** Refusals by the names that a route's description uses. */
export const PROBLEMS = {
  brokenJson: atPlace(400, "The body is no JSON or YAML, or is nested too deep.", {
    path: "",
    message: "expected a key in double quotes at line 1, column 18",
    detail: (message) => `The body is not valid JSON: ${message}.`,
  }),
  badDefinition: atPlace(
    400,
    "The definition cannot run: a cycle, an unknown dependency or handler, a duplicate id, or a warning where `strict` is set.",
    {
      path: "dag.nodes.0.dependencies",
      message: 'Unknown dependency "b" of node "a".',
    },
  ),
  badSteps: atPlace(400, "The steps cannot run: there are none, or a task is unknown.", {
    path: "steps.0.tasks.0.name",
    message: 'Unknown handler "task_x" of a task. Known are: input, output, …',
  }),
  noExecution: problem(404, "There is no such execution.", "Workflow not found"),
  tooLarge: tooLarge(32 * 1024 * 1024, "the limit (APP_BODY_BYTES_MAX)"),
  otherType: problem(
    415,
    "The content type is neither JSON nor YAML, or the body is compressed.",
    'The content type "text/xml" is not understood; send JSON with "Content-Type: application/json" or YAML with "Content-Type: application/yaml", in UTF-8.',
  ),
  badShape: atPlace(422, "A value of the definition is of the wrong kind.", {
    path: "dag.nodes.0.priority",
    message: "Expected number, got a string of 4 characters.",
    detail: (message, path) => `At ${path}: ${message}`,
  }),
  badStepsShape: atPlace(422, "A value of the steps is of the wrong kind.", {
    path: "steps.0.execution_type",
    message: 'Expected ("sequential" | "parallel"), got a string of 6 characters.',
    detail: (message, path) => `At ${path}: ${message}`,
  }),
  keyReused: problem(
    422,
    "The Idempotency-Key was used for another request.",
    "This Idempotency-Key was used for another request before; take a new key for a new request.",
  ),
  badParams: problem(422, "The body, or `params` in it, is no object.", "The body is a list; it must be an object, or none at all."),
  badCancel: atPlace(422, "`reason` is no text, or a long one, or `force` is no truth value.", {
    path: "reason",
    message: "Invalid type: Expected string but received a number",
    detail: (message, path) => `In the body, ${path} is not usable. ${message}.`,
  }),
  badPriority: atPlace(422, "`priority` is no whole number from 0 to 10.", {
    path: "priority",
    message: "Invalid value: Expected <=10 but received a number",
    detail: (message, path) => `In the body, ${path} is not usable. ${message}.`,
  }),
  alreadyFinished: conflict(
    "already_finished",
    "The execution has ended, and not by a cancel.",
    "The workflow has already ended (COMPLETED); nothing was changed.",
  ),
  notRunning: conflict(
    "not_running",
    "The execution is not triggered, or has ended.",
    "The workflow is not running (PENDING); nothing was changed.",
  ),
  notFinished: conflict(
    "not_finished",
    "The execution has not ended, or attempts of it still run.",
    "The workflow has not ended (PENDING); cancel it, or send cancel=true.",
  ),
  badCancelQuery: badQuery("cancel", 'Invalid type: Expected ("true" | "false") but received a string of 3 characters'),
  badLimit: badQuery("limit", "Expected a whole number from 1 to 1000"),
  badView: badQuery("view", 'Invalid type: Expected ("full" | "summary") but received a string of 4 characters'),
  badWait: badQuery("wait", 'Expected a duration such as "5s", "500ms" or "1m"; a bare number is seconds'),
  badParamsBeside: atPlace(422, "`params` beside the definition is no object, or something else stands there.", {
    path: "params",
    message: "is a list; it must be an object or null",
    detail: (message, path) => `In the body, ${path} ${message}.`,
  }),
  badTrigger: badQuery("trigger", 'Invalid type: Expected ("true" | "false") but received a string of 3 characters'),
  stopping: problem(503, "The instance is full or stopping, or the store is away. Send the request again.", "The server is stopping."),
  storeAway: problem(
    503,
    "The store is away, or too many large answers are being sent. Send the request again.",
    "The store does not answer.",
  ),
  notReady: problem(503, "Send this instance no work now; `detail` says why.", "This instance is stopping."),
  failed: problem(
    500,
    "Something went wrong inside Troupe.",
    "Something went wrong inside Troupe. The log has more, under this answer's x-request-id.",
  ),
  badHost: problem(
    400,
    "The Host header is missing, or is not one name.",
    "The Host header must be one name or address, with or without a port.",
  ),
  foreignPage: problem(
    403,
    "The caller is a page of another site, or came through a proxy while APP_ACCESS is not open.",
    'Pages of "https://other.example" may not call this server; if they should, name their origin in APP_CORS_ORIGINS.',
  ),
  unknownHost: problem(
    421,
    "The Host is not known as a name of this server.",
    '"troupe.example" is not known as a name of this server. If it is one, set APP_ALLOWED_HOSTS=troupe.example; an IP address and localhost always are.',
  ),
  starting: problem(503, "The instance is starting. Send the request again.", "Troupe is starting; send the request again soon."),
} as const satisfies Readonly<Record<string, ProblemDescription>>;

export type ProblemName = keyof typeof PROBLEMS;

/** The refusal of a body that is larger than `bytesMax`. `limit`: that limit in words. */
export function tooLarge(bytesMax: number, limit = `${bytesMax} bytes`): ProblemDescription {
  return problem(413, `The body is larger than ${limit}.`, `The body is larger than the limit of ${bytesMax} bytes.`);
}

function problem(status: Problem["status"], description: string, detail: string): ProblemDescription {
  return { description, example: { status, detail } };
}

function conflict(code: string, description: string, detail: string): ProblemDescription {
  return { description, example: { status: 409, code, detail } };
}

type Place = {
  readonly path: string;
  readonly message: string;
  /** The detail of the whole answer; default: the message. */
  readonly detail?: (message: string, path: string) => string;
};

/** A refusal of a value in the request. */
function atPlace(status: Problem["status"], description: string, { path, message, detail = (it) => it }: Place): ProblemDescription {
  return { description, example: { status, detail: detail(message, path), errors: [{ path, message }] } };
}

function badQuery(name: string, message: string): ProblemDescription {
  return atPlace(422, "The value of a query parameter cannot be used.", {
    path: `query.${name}`,
    message,
    detail: () => `In the query, ${name} is not usable. ${message}.`,
  });
}

/** Commands to executions that exist: a table, one row a route, and the one way that all of them go. What may be, the engine decides. */
import type { Context } from "hono";
import { type ClientCommand, type ExecutionStatus, isTerminal, type NewWork, type Receipt } from "../../engine/engine.ts";
import { jsonAnswer, quote } from "../answer/json-text.ts";
import { bodyOf } from "../answer/long-text.ts";
import { resultsLength, resultsTexts } from "../answer/results-json.ts";
import { EXAMPLES } from "../openapi/answer-examples.ts";
import { queuedAnswer as queuedAnswerSchema, triggeredAnswer } from "../openapi/answers.ts";
import { readDocument } from "../request/document.ts";
import { paramsOf } from "../request/params.ts";
import type { RouteDescription } from "../routing/description.ts";
import type { HttpEnv, HttpParts } from "../routing/parts.ts";
import { NOT_FOUND, problemAnswer, type Refusal, unavailable } from "../routing/problem.ts";
import { waitQuery } from "../routing/query.ts";
import type { Routes } from "../routing/routes.ts";
import { waitForEnd } from "../routing/waiting.ts";

/** What was decided, on an execution that there is. */
type Decided = Exclude<Receipt, { readonly type: "unknown" }>;

type Words = { readonly status: string; readonly message: string };

type CommandRoute = {
  readonly path: string;
  readonly description: RouteDescription;
  readonly work: NewWork;
  /** What the body wants. */
  read(text: string, parts: HttpParts): Promise<{ readonly ok: true; readonly command: ClientCommand } | Refusal>;
  /** A rejection is answered with 200 too: what was wanted is so already. */
  words(receipt: Decided): Words;
  /** Said while the instance that owns the execution has not answered. */
  readonly queued: string;
  /** False: this form has no word for a command that is stored and not answered yet. Its clients come again. */
  readonly answersQueued: boolean;
};

const TRIGGER: Pick<CommandRoute, "work" | "read" | "words" | "queued"> = {
  work: "trigger",
  async read(text, { engine, limits }) {
    const body = await paramsOf(text, engine, limits.nesting);
    return body.ok ? { ok: true, command: { type: "Trigger", params: body.params } } : body;
  },
  words: (receipt) =>
    receipt.type === "accepted"
      ? { status: "triggered", message: "The workflow was triggered." }
      : { status: receipt.status, message: `${alreadyOf(receipt.status)}; nothing was changed.` },
  queued: "The trigger is stored for the instance that owns this execution, which has not answered yet",
};

const TRIGGERING = {
  tag: "workflows",
  description:
    "Its body, which may be left out, gives the params. An execution runs once: triggering what runs or has ended changes nothing, and `message` says so. With `wait` the answer is that of the results, with this message in `trigger`.",
  body: "trigger",
  answers: {
    200: {
      schema: triggeredAnswer,
      examples: { triggered: EXAMPLES.triggered, with_wait: EXAMPLES.triggeredWithWait },
      description: "It runs, or was triggered before.",
    },
  },
  problems: ["brokenJson", "noExecution", "tooLarge", "otherType", "badParams", "badWait", "stopping", "failed"],
} as const;

const QUEUED = {
  schema: queuedAnswerSchema,
  examples: { queued: EXAMPLES.queued },
  description: "It is stored, and the instance that owns the execution has not answered yet.",
} as const;

const COMMAND_ROUTES = [
  {
    path: "/workflows/:execution_id/trigger",
    description: { ...TRIGGERING, summary: "Start an execution", answers: { ...TRIGGERING.answers, 202: QUEUED } },
    ...TRIGGER,
    answersQueued: true,
  },
  {
    path: "/workflow/trigger/:execution_id",
    description: { ...TRIGGERING, summary: "Start an execution (older form)" },
    ...TRIGGER,
    answersQueued: false,
  },
] as const satisfies readonly CommandRoute[];

export function commandRoutes(routes: Routes, parts: HttpParts): void {
  for (const route of COMMAND_ROUTES) {
    routes.add({
      method: "POST",
      path: route.path,
      description: route.description,
      query: waitQuery,
      answer: (c, { query }) => answer(c, route, { id: c.req.param("execution_id"), waitMs: query.wait }),
    });
  }

  async function answer(c: Context<HttpEnv>, route: CommandRoute, { id, waitMs }: Asked): Promise<Response> {
    const isAdmitted = c.env?.isAdmitted === true;
    const refusal = isAdmitted ? null : parts.engine.admit(route.work);
    if (refusal !== null) return problemAnswer(unavailable(refusal));
    const document = await readDocument(c.req.raw, parts);
    if (!document.ok) return problemAnswer(document.problem);
    const read = await route.read(document.text, parts);
    if (!read.ok) return problemAnswer(read.problem);

    const result = await parts.engine.command(id, read.command);
    if (result.type === "unknown") return problemAnswer(NOT_FOUND);
    if (result.type === "unavailable") return problemAnswer(unavailable(result));
    if (result.type === "queued") return queuedAnswer(route, id, result.commandId);
    const { status, message } = route.words(result);
    if (waitMs === undefined) return jsonAnswer(200, `{"execution_id":${quote(id)},"status":"${status}","message":${quote(message)}}`);
    if (result.type === "accepted" || !isTerminal(result.status)) await waitForEnd(c, parts, id, waitMs);
    return results(id, message);
  }

  async function results(id: string, message: string): Promise<Response> {
    const { engine } = parts;
    const view = await engine.view(id);
    if (view === null) return problemAnswer(NOT_FOUND);
    return jsonAnswer(200, await bodyOf(resultsTexts(engine, view, { trigger: message }), parts, resultsLength(view)));
  }
}

type Asked = { readonly id: string; readonly waitMs: number | undefined };

function queuedAnswer({ queued, answersQueued }: CommandRoute, id: string, commandId: string): Response {
  if (!answersQueued) return problemAnswer(unavailable({ type: "unavailable", reason: queued, retryAfterMs: 1_000 }));
  return jsonAnswer(
    202,
    `{"execution_id":${quote(id)},"status":"accepted","command_id":${quote(commandId)},"message":${quote(`${queued}.`)}}`,
  );
}

function alreadyOf(status: ExecutionStatus): string {
  switch (status) {
    case "PENDING":
      return "The workflow was already triggered and waits for room to run";
    case "RUNNING":
    case "PAUSED":
      return "The workflow was already triggered and is running";
    case "COMPLETED":
    case "FAILED":
    case "CANCELLED":
      return `The workflow has already ended (${status})`;
  }
}

/** The route of a command: what is particular to each, and the one way that all of them go. The engine decides what is allowed. */
import { type ClientCommand, isTerminal, type NewWork, type Receipt } from "../../engine/engine.ts";
import { jsonAnswer, quote } from "../answer/json-text.ts";
import { bodyOf } from "../answer/long-text.ts";
import { resultsLength, resultsTexts } from "../answer/results-json.ts";
import type { RouteDescription } from "../routing/description.ts";
import type { HttpParts } from "../routing/parts.ts";
import { NOT_FOUND, type Problem, problemAnswer, unavailable } from "../routing/problem.ts";
import type { ObjectSchema } from "../routing/query.ts";
import type { Asked, Method, RouteBody, Routes } from "../routing/routes.ts";
import { waitForEnd } from "../routing/waiting.ts";

/** The decision on an execution that exists. */
export type Decided = Exclude<Receipt, { readonly type: "unknown" }>;

/** The members of the answer, in their order, after `execution_id`. */
type Words = { readonly message: string; readonly [member: string]: string | number | boolean | null };

/** A query with `wait`: the milliseconds that the client wants to wait for the end. With it the answer is that of the results. */
type MayWait = { readonly wait?: number | undefined } | undefined;

export type CommandRoute<Query extends MayWait, Header, Body> = {
  readonly method: Method;
  /** The path, with the execution as `:execution_id`. */
  readonly path: `${string}/:execution_id${string}`;
  readonly description: RouteDescription;
  readonly query?: ObjectSchema<Query>;
  readonly otherParameters?: "ignored";
  readonly header?: ObjectSchema<Header>;
  readonly body?: RouteBody<Body>;
  /** The kind of new work, which may be refused because of the load. */
  readonly work?: NewWork;
  /** The command of a request. `param`: a value of the path by its name. */
  command(asked: Asked<Query, Header, Body>, param: (name: string) => string): ClientCommand;
  /**
   * The words of a 200, or a problem: for example a 409 with its `code`. A rejection may be a 200 too, if the client's wish is fulfilled
   * already.
   */
  words(receipt: Decided, asked: Asked<Query, Header, Body>): { readonly words: Words } | { readonly problem: Problem };
  /** The sentence while the instance that owns the execution has not answered. */
  readonly queued: string;
  /** False: this form has no word for a command that is stored and not answered yet. Its clients send it again. */
  readonly answersQueued: boolean;
};

/** Adds a row of the table to the app. */
export type AddCommandRoute = (routes: Routes, parts: HttpParts) => void;

export function commandRoute<Query extends MayWait = undefined, Header = undefined, Body = undefined>(
  route: CommandRoute<Query, Header, Body>,
): AddCommandRoute {
  const { command, words, queued, answersQueued, ...taken } = route;
  return (routes, parts) =>
    routes.add({
      ...taken,
      async answer(c, asked) {
        const id = c.req.param("execution_id") ?? "";
        const result = await parts.engine.command(
          id,
          command(asked, (name) => c.req.param(name) ?? ""),
        );
        if (result.type === "unknown") return problemAnswer(NOT_FOUND);
        if (result.type === "unavailable") return problemAnswer(unavailable(result));
        if (result.type === "queued") return answersQueued ? queuedAnswer(queued, id, result.commandId) : comeAgain(queued);
        const said = words(result, asked);
        if ("problem" in said) return problemAnswer(said.problem);
        if (asked.query?.wait === undefined) return wordsAnswer(id, said.words);
        if (result.type === "accepted" || !isTerminal(result.status)) await waitForEnd(c, parts, id, asked.query.wait);
        return resultsAnswer(parts, id, said.words.message);
      },
    });
}

/** The 409 for a command that the state of the execution does not allow. */
export function conflictOf({ code, status }: Pick<Extract<Decided, { readonly type: "rejected" }>, "code" | "status">): Problem {
  const reason = code === "already_finished" ? `The workflow has already ended (${status})` : `The workflow is not running (${status})`;
  return { status: 409, code, detail: `${reason}; nothing was changed.` };
}

function wordsAnswer(id: string, words: Words): Response {
  return jsonAnswer(200, `{"execution_id":${quote(id)},${JSON.stringify(words).slice(1)}`);
}

async function resultsAnswer(parts: HttpParts, id: string, message: string): Promise<Response> {
  const { engine } = parts;
  const view = await engine.view(id);
  if (view === null) return problemAnswer(NOT_FOUND);
  return jsonAnswer(200, await bodyOf(resultsTexts(engine, view, { trigger: message }), parts, resultsLength(view)));
}

/** The 202 for a command that is stored for another instance. `queued`: its sentence, without the full stop. */
export function queuedAnswer(queued: string, id: string, commandId: string): Response {
  const words = `"status":"accepted","command_id":${quote(commandId)},"message":${quote(`${queued}.`)}`;
  return jsonAnswer(202, `{"execution_id":${quote(id)},${words}}`);
}

function comeAgain(queued: string): Response {
  return problemAnswer(unavailable({ type: "unavailable", reason: queued, retryAfterMs: 1_000 }));
}

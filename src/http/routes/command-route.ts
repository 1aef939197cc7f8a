/** What the route of a command says, and the one way that all of them go. What may be, the engine decides. */
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

/** What was decided, on an execution that there is. */
export type Decided = Exclude<Receipt, { readonly type: "unknown" }>;

/** The members of the answer, in their order, behind `execution_id`. */
type Words = { readonly message: string; readonly [member: string]: string | number | boolean | null };

/** `wait`: milliseconds that the client wants to wait for the end; with it the answer is that of the results. */
type MayWait = { readonly wait?: number | undefined } | undefined;

export type CommandRoute<Query extends MayWait, Header, Body> = {
  readonly method: Method;
  /** The execution is `:execution_id` in it. */
  readonly path: `${string}/:execution_id${string}`;
  readonly description: RouteDescription;
  readonly query?: ObjectSchema<Query>;
  readonly otherParameters?: "ignored";
  readonly header?: ObjectSchema<Header>;
  readonly body?: RouteBody<Body>;
  /** What counts as new work may be refused for the load. */
  readonly work?: NewWork;
  /** `param`: what stands in the path under this name. */
  command(asked: Asked<Query, Header, Body>, param: (name: string) => string): ClientCommand;
  /** 200, or a problem where it could not be: 409 with its `code`, say. A rejection may be 200 too, if what was wanted is so already. */
  words(receipt: Decided): { readonly words: Words } | { readonly problem: Problem };
  /** Said while the instance that owns the execution has not answered. */
  readonly queued: string;
  /** False: this form has no word for a command that is stored and not answered yet. Its clients come again. */
  readonly answersQueued: boolean;
};

/** How a row of the table comes to the app. */
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
        const said = words(result);
        if ("problem" in said) return problemAnswer(said.problem);
        if (asked.query?.wait === undefined) return wordsAnswer(id, said.words);
        if (result.type === "accepted" || !isTerminal(result.status)) await waitForEnd(c, parts, id, asked.query.wait);
        return resultsAnswer(parts, id, said.words.message);
      },
    });
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

function queuedAnswer(queued: string, id: string, commandId: string): Response {
  const words = `"status":"accepted","command_id":${quote(commandId)},"message":${quote(`${queued}.`)}`;
  return jsonAnswer(202, `{"execution_id":${quote(id)},${words}}`);
}

function comeAgain(queued: string): Response {
  return problemAnswer(unavailable({ type: "unavailable", reason: queued, retryAfterMs: 1_000 }));
}

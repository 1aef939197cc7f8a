/** DELETE /workflows/{execution_id}: an execution and all that is kept of it go. */
import * as v from "valibot";
import { queuedDescription } from "../openapi/queued.ts";
import { SAMPLE } from "../openapi/sample.ts";
import { executionId, named } from "../openapi/shapes.ts";
import { jsonAnswer, quote } from "../answer/json-text.ts";
import type { HttpParts } from "../routing/parts.ts";
import { NOT_FOUND, problemAnswer, unavailable } from "../routing/problem.ts";
import type { Routes } from "../routing/routes.ts";
import { queuedAnswer } from "./command-route.ts";

const accepted = "The workflow is cancelled; it is deleted once nothing of it runs any more.";
const queued = "The cancel is stored for the instance that owns this execution, which has not answered yet";
const example = { execution_id: SAMPLE.id, status: "accepted", message: accepted };

export function removeRoute(routes: Routes, { engine }: Pick<HttpParts, "engine">): void {
  routes.add({
    method: "DELETE",
    path: "/workflows/:execution_id",
    description: {
      tag: "workflows",
      summary: "Delete an execution",
      description:
        "An execution that has ended, and of which nothing runs any more, is deleted at once, with its outputs. With `cancel=true` any other is cancelled, and deleted as soon as that is so.",
      answers: {
        204: { description: "It is deleted." },
        202: {
          schema: named(
            "Removing",
            v.object({ execution_id: executionId, status: v.literal("accepted"), command_id: v.optional(v.string()), message: v.string() }),
          ),
          examples: { cancelled: example, ...queuedDescription(queued).examples },
          description: "It is cancelled, and deleted later.",
        },
      },
      problems: ["noExecution", "notFinished", "badCancelQuery", "stopping", "failed"],
    },
    query: v.object({
      cancel: v.optional(
        v.pipe(
          v.picklist(["true", "false"]),
          v.transform((text) => text === "true"),
        ),
        "false",
      ),
    }),
    async answer(c, { query }) {
      const id = c.req.param("execution_id");
      const result = await engine.remove(id, query.cancel);
      switch (result.type) {
        case "removed":
          return new Response(null, { status: 204 });
        case "accepted":
          return jsonAnswer(202, `{"execution_id":${quote(id)},"status":"accepted","message":${quote(accepted)}}`);
        case "queued":
          return queuedAnswer(queued, id, result.commandId);
        case "unknown":
          return problemAnswer(NOT_FOUND);
        case "unavailable":
          return problemAnswer(unavailable(result));
        case "rejected": {
          const detail = `The workflow has not ended (${result.status}); cancel it, or send cancel=true.`;
          return problemAnswer({ status: 409, code: result.code, detail });
        }
      }
    },
  });
}

/** GET /workflows/{execution_id}: the status and progress of an execution. */
import * as v from "valibot";
import { type ExecutionView, FAILURE_KINDS, NODE_STATES } from "../../engine/engine.ts";
import { hashOf } from "../../env/ids.ts";
import { SAMPLE } from "../openapi/sample.ts";
import { count, executionId, executionStatus, maybeTime, named, output, progress, times } from "../openapi/shapes.ts";
import { isCurrent, notModified } from "../answer/etag.ts";
import { executionLength, executionTexts, summaryOnlyJson } from "../answer/execution-json.ts";
import { jsonAnswer } from "../answer/json-text.ts";
import { bodyOf } from "../answer/long-text.ts";
import type { RouteDescription } from "../routing/description.ts";
import type { HttpParts } from "../routing/parts.ts";
import { NOT_FOUND, problemAnswer } from "../routing/problem.ts";
import { viewQuery } from "../routing/query.ts";
import type { Routes } from "../routing/routes.ts";

export function executionRoute(routes: Routes, parts: HttpParts): void {
  const { engine } = parts;
  routes.add({
    method: "GET",
    path: "/workflows/:execution_id",
    description: VIEWING,
    query: viewQuery,
    async answer(c, { query }) {
      const id = c.req.param("execution_id");
      const known = c.req.header("if-none-match");
      if (query.view === "summary") {
        const summary = await engine.summary(id);
        if (summary === null) return problemAnswer(NOT_FOUND);
        const stalled = engine.isStalled(id);
        const headers = headersOf(summary.sequence, stalled);
        return isCurrent(headers.etag, known) ? notModified(headers) : jsonAnswer(200, summaryOnlyJson(summary, stalled), headers);
      }
      const view = await engine.view(id);
      if (view === null) return problemAnswer(NOT_FOUND);
      const headers = headersOf(view.sequence, view.stalled, reasonsIn(view));
      return isCurrent(headers.etag, known)
        ? notModified(headers)
        : jsonAnswer(200, await bodyOf(executionTexts(view), parts, executionLength(view)), headers);
    },
  });
}

/**
 * The headers with the ETag. The sequence rises with every event of an execution, but a stall is no event, and neither is a handler that
 * another instance gets.
 */
function headersOf(sequence: number, stalled: boolean, reasons = "") {
  return { etag: `"${sequence}${stalled ? "-stalled" : ""}${reasons}"`, "cache-control": "no-cache" };
}

/** The reasons why its nodes wait, in short. */
function reasonsIn({ nodes }: ExecutionView): string {
  let reasons = "";
  for (const { id, reason } of nodes) if (reason !== null) reasons += `${id} ${reason}\n`;
  return reasons === "" ? "" : `-${hashOf(reasons)}`;
}

const nodeStatus = v.picklist(NODE_STATES);
const node = named(
  "Node",
  v.object({
    state: nodeStatus,
    output,
    output_bytes: v.optional(v.pipe(count, v.description("The size of an output that is too large to be shown here"))),
    error: v.nullable(v.string()),
    reason: v.optional(
      v.pipe(
        v.string(),
        v.description("Why it waits, if it is QUEUED and no thread may take it: its handler is missing, or the execution is paused"),
      ),
    ),
    attempts: v.pipe(count, v.description("Attempts that have begun")),
    started_at: maybeTime,
    finished_at: maybeTime,
  }),
);
const failure = v.object({
  node: v.string(),
  attempt: count,
  kind: v.picklist(FAILURE_KINDS),
  code: v.string(),
  message: v.string(),
  stack: v.pipe(v.nullable(v.string()), v.description("Where in the handler's own files it was thrown, 2 KiB at the most")),
});
const statesByNode = v.optional(v.record(v.string(), nodeStatus));

const executionAnswer = named(
  "Execution",
  v.object({
    execution_id: executionId,
    name: v.string(),
    status: executionStatus,
    progress,
    tags: v.array(v.string()),
    priority: v.optional(v.pipe(count, v.description("0 to 10; higher begins first"))),
    error: v.nullable(v.string()),
    failure: v.optional(v.nullable(failure)),
    ...times,
    stalled: v.boolean(),
    node_states: statesByNode,
    node_statuses: v.pipe(statesByNode, v.description("The same as node_states")),
    nodes: v.optional(v.record(v.string(), node)),
  }),
);

const { started_at, finished_at } = SAMPLE;
const example = {
  execution_id: SAMPLE.id,
  name: SAMPLE.name,
  status: "COMPLETED",
  progress: SAMPLE.progress,
  tags: SAMPLE.tags,
  priority: 5,
  error: null,
  failure: null,
  ...SAMPLE.times,
  stalled: false,
  node_states: { greet: "COMPLETED" },
  node_statuses: { greet: "COMPLETED" },
  nodes: { greet: { state: "COMPLETED", output: null, error: null, attempts: 1, started_at, finished_at } },
};

const VIEWING: RouteDescription = {
  tag: "workflows",
  summary: "Status of an execution",
  description:
    "Its state and the state of each node, in the definition's order. An output above 64 KiB is null here, with its size in `output_bytes`; the results have it. With `view=summary` it is read from a small record, whatever the number of nodes: without the nodes, `priority` and `failure`. With `If-None-Match` an answer that has not changed is 304.",
  answers: {
    200: { schema: executionAnswer, examples: { full: example }, description: "The execution as the store has it.", headers: ["ETag"] },
    304: { description: "Nothing has changed since the answer with this ETag.", headers: ["ETag"] },
  },
  problems: ["noExecution", "badView", "storeAway", "failed"],
};

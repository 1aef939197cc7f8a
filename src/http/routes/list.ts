/** GET /workflows: the executions, a page at a time. */
import * as v from "valibot";
import { summaryJson } from "../answer/execution-json.ts";
import { jsonAnswer, quoteOrNull } from "../answer/json-text.ts";
import { SAMPLE } from "../openapi/sample.ts";
import { executionId, executionStatus, named, progress, times } from "../openapi/shapes.ts";
import { encodeCursor, linkToNext } from "../routing/cursor.ts";
import type { RouteDescription } from "../routing/description.ts";
import type { HttpParts } from "../routing/parts.ts";
import { listQuery, PAGE_DEFAULT } from "../routing/query.ts";
import type { Routes } from "../routing/routes.ts";

export function listRoute(routes: Routes, { engine }: HttpParts): void {
  routes.add({
    method: "GET",
    path: "/workflows",
    description: LISTING,
    query: listQuery,
    async answer(c, { query }) {
      const { status, name, tag, cursor, limit = PAGE_DEFAULT } = query;
      const found = await engine.list({
        ...(status === undefined ? {} : { status }),
        ...(name === undefined ? {} : { name }),
        ...(tag === undefined ? {} : { tag }),
        ...(cursor == null ? {} : { before: cursor }),
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const next = found.length > limit && last !== undefined ? encodeCursor(last) : null;
      const text = `{"workflows":[${page.map(summaryJson).join(",")}],"next_cursor":${quoteOrNull(next)}}`;
      return jsonAnswer(200, text, next === null ? null : { link: linkToNext(c.req.url, next) });
    },
  });
}

const summary = named(
  "Summary",
  v.object({
    execution_id: executionId,
    name: v.string(),
    status: executionStatus,
    progress,
    tags: v.array(v.string()),
    error: v.nullable(v.string()),
    ...times,
  }),
);

const { id, name, tags } = SAMPLE;
const listed = { execution_id: id, name, status: "COMPLETED", progress: SAMPLE.progress, tags, error: null, ...SAMPLE.times };

const LISTING: RouteDescription = {
  tag: "workflows",
  summary: "List executions",
  description: "The list begins with the newest. A page ends with `next_cursor` (and a `Link` header) if there are more.",
  answers: {
    200: {
      schema: v.object({ workflows: v.array(summary), next_cursor: v.nullable(v.string()) }),
      examples: { page: { workflows: [listed], next_cursor: null } },
      description: "A page of executions.",
      headers: ["Link"],
    },
  },
  problems: ["badLimit", "storeAway", "failed"],
};

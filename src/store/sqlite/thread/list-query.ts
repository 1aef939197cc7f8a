/** The query of a list. For every combination, a page is a range of an index, or the merge of a few. */
import { EXECUTION_STATES, type ExecutionStatus } from "../../../workflow/execution/status.ts";
import { type Cell, SUMMARY_COLUMNS } from "./rows.ts";
import type { ListQuery } from "../../store.ts";

export type ListStatement = { readonly sql: string; readonly values: readonly Cell[] };

type Condition = readonly [sql: string, ...cells: readonly Cell[]];

export function listed(query: ListQuery): ListStatement {
  const { status, name, tag } = query;
  if (tag !== undefined) return tagged(query, tag);
  if (name !== undefined) return named(query, name);
  return merged(query, status === undefined ? EXECUTION_STATES : [status]);
}

/** The merge of the open and the closed executions of each state: only keys from the index, as many as are wanted. */
function merged({ before, limit }: ListQuery, states: readonly ExecutionStatus[]): ListStatement {
  const ranges = states.flatMap((status) =>
    (["summary_open WHERE closed = 0", "summary_closed WHERE closed = 1"] as const).map((index) => {
      const { sql, values } = conditioned([["status = ?", status], ...after(before, "created_at_ms, id")]);
      return {
        sql: `SELECT * FROM (SELECT created_at_ms AS at, id AS key FROM summary INDEXED BY ${index} AND ${sql} ORDER BY at DESC, key DESC LIMIT ?)`,
        values: [...values, limit],
      };
    }),
  );
  const keys = `SELECT at, key FROM (${ranges.map(({ sql }) => sql).join(" UNION ALL ")}) ORDER BY at DESC, key DESC LIMIT ?`;
  return {
    sql: `SELECT ${SUMMARY_COLUMNS} FROM (${keys}) CROSS JOIN summary ON id = key ORDER BY at DESC, key DESC`,
    values: [...ranges.flatMap(({ values }) => values), limit],
  };
}

function named({ status, before, limit }: ListQuery, name: string): ListStatement {
  const { sql, values } = conditioned([
    ["name = ?", name],
    ...(status === undefined ? [] : [["status = ?", status] as const]),
    ...after(before, "created_at_ms, id"),
  ]);
  return {
    sql: `SELECT ${SUMMARY_COLUMNS} FROM summary INDEXED BY summary_name WHERE ${sql} ORDER BY created_at_ms DESC, id DESC LIMIT ?`,
    values: [...values, limit],
  };
}

/**
 * The page of a tag. The table of tags has the order, so that a rare tag is found without a walk through all; a status stands there too.
 */
function tagged({ status, name, before, limit }: ListQuery, tag: string): ListStatement {
  const { sql, values } = conditioned([
    ["tag.tag = ?", tag],
    ...(status === undefined ? [] : [["tag.execution_status = ?", status] as const]),
    ...(name === undefined ? [] : [["name = ?", name] as const]),
    ...after(before, "tag.created_at_ms, tag.execution"),
  ]);
  const columns = SUMMARY_COLUMNS.replace("created_at_ms", "summary.created_at_ms");
  return {
    sql: `SELECT ${columns} FROM tag CROSS JOIN summary ON summary.id = tag.execution WHERE ${sql}
      ORDER BY tag.created_at_ms DESC, tag.execution DESC LIMIT ?`,
    values: [...values, limit],
  };
}

function after(before: ListQuery["before"], columns: string): Condition[] {
  return before === undefined ? [] : [[`(${columns}) < (?, ?)`, before.createdAtMs, before.id]];
}

function conditioned(conditions: readonly Condition[]): ListStatement {
  return { sql: conditions.map(([sql]) => sql).join(" AND "), values: conditions.flatMap(([, ...cells]) => cells) };
}

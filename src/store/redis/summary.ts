/**
 * Summaries and chunks as texts in Redis. What never changes is the log's first element. What changes is one short line, which scripts read
 * too.
 */
import type { ExecutionStatus } from "../../workflow/execution/status.ts";
import type { Chunk, Summary } from "../store.ts";

/** A time in an index or a summary: always 16 digits, so that texts sort as times do. */
export function sortable(atMs: number): string {
  // Thirteen digits until the year 2286: skipping the padding saves nine tenths of the time.
  return atMs >= 1e12 && atMs < 1e13 ? `000${timeText(atMs)}` : String(atMs).padStart(16, "0");
}

/** A time as text. Printing a number of 13 digits takes 100 ns, and the executions of a batch share their times. */
function timeText(atMs: number): string {
  const at = atMs % TIMES;
  if (times[at] !== atMs) {
    times[at] = atMs;
    texts[at] = String(atMs);
  }
  return texts[at] as string;
}

const TIMES = 1_024;
const times = new Float64Array(TIMES).fill(-1);
const texts = new Array<string>(TIMES).fill("");

/**
 * The line `sequence status closed created triggered finished started updated completed failed error`. Scripts read the first six and put
 * the number of the outbox entry before them. A missing time is `-`; so is a missing error, and an existing one has a `+`.
 */
export function packProgress(summary: Summary): string {
  return packSequence(summary.sequence) + packPlace(summary) + packRest(summary);
}

/** The first of the progress's three parts, which are joined unchanged. */
export function packSequence(sequence: number): string {
  return `${sequence} `;
}

/** The place: what decides on the lane's sets. It changes seldom, and scripts compare it as one text. */
export function packPlace({ status, closed, createdAtMs, triggeredAtMs, finishedAtMs }: Summary): string {
  const finished = finishedAtMs === null ? "-" : sortable(finishedAtMs);
  return `${status} ${closed ? 1 : 0} ${sortable(createdAtMs)} ${packTime(triggeredAtMs)} ${finished}`;
}

export function packRest({ startedAtMs, updatedAtMs, completed, failed, error }: Summary): string {
  return ` ${packTime(startedAtMs)} ${timeText(updatedAtMs)} ${completed} ${failed} ${error === null ? "-" : `+${error}`}`;
}

function packTime(atMs: number | null): string {
  return atMs === null ? "-" : timeText(atMs);
}

/** The origin, with the hash of the request's body, which tells a resend from another request. */
export function packOrigin({ name, definition, tags, total }: Summary, bodyHash: string): string {
  return `${bodyHash}\n${JSON.stringify([name, definition, tags, total])}`;
}

/** The stored data of an execution, beside its chunks. */
export type StoredSummary = { readonly summary: Summary; readonly bodyHash: string };

/** A summary. `packed`: its stored line. `origin`: the first element of the log. */
export function unpackSummary(id: string, packed: string, origin: string): StoredSummary {
  const line = origin.indexOf("\n");
  const [name, definition, tags, total] = JSON.parse(origin.slice(line + 1)) as [string, string, string[], number];
  const [, sequence, status, closed, created, triggered, finished, started, updated, completed, failed, ...error] = packed.split(" ");
  return {
    bodyHash: origin.slice(0, line),
    summary: {
      id,
      name,
      definition,
      tags,
      status: status as ExecutionStatus,
      sequence: Number(sequence),
      total,
      completed: Number(completed),
      failed: Number(failed),
      error: error[0] === "-" && error.length === 1 ? null : error.join(" ").slice(1),
      createdAtMs: Number(created),
      triggeredAtMs: timeOf(triggered),
      startedAtMs: timeOf(started),
      finishedAtMs: timeOf(finished),
      updatedAtMs: Number(updated),
      closed: closed === "1",
    },
  };
}

export function packChunk({ from, to, text }: Chunk): string {
  return `${from} ${to}\n${text}`;
}

export function unpackChunk(element: string): Chunk {
  const space = element.indexOf(" ");
  const line = element.indexOf("\n", space);
  return { from: Number(element.slice(0, space)), to: Number(element.slice(space + 1, line)), text: element.slice(line + 1) };
}

function timeOf(text: string | undefined): number | null {
  return text === undefined || text === "-" ? null : Number(text);
}

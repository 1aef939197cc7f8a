/**
 * A lane's index: a sorted set without scores, so that members sort as texts. Each member is a kind, a time of 16 digits and an execution.
 * By creation: `a:` all, `s:STATUS:` by status, `n:hash:` by name, `t:hash:` by tag, and `u:` never triggered. By end: `e:` ended and
 * closed. Scripts write `s:`, `u:` and `e:` as these change.
 */
import type { ListPosition, ListQuery, Summary } from "../store.ts";
import { sortable } from "./summary.ts";

const TIME_DIGITS = 16;

export const indexKind = {
  all: "a:",
  untriggered: "u:",
  ended: "e:",
  status: (status: string): string => `s:${status}:`,
  // Names and tags may have any length and any letters. Two of one hash are told apart by the summaries.
  name: (name: string): string => `n:${shortHash(name)}:`,
  tag: (tag: string): string => `t:${shortHash(tag)}:`,
} as const;

/** All members of an execution with this summary. */
export function indexMembers(summary: Summary): string[] {
  const { id, name, tags, status } = summary;
  const created = sortable(summary.createdAtMs) + id;
  const members = [indexKind.all + created, indexKind.status(status) + created, indexKind.name(name) + created];
  for (const tag of tags.length > 0 ? new Set(tags) : tags) members.push(indexKind.tag(tag) + created);
  if (summary.triggeredAtMs === null) members.push(indexKind.untriggered + created);
  if (summary.closed && summary.finishedAtMs !== null) members.push(indexKind.ended + sortable(summary.finishedAtMs) + id);
  return members;
}

/** The kinds that hold everything that the query asks for; `a:` if it asks for all. */
export function kindsFor({ status, name, tag }: ListQuery): string[] {
  const kinds: string[] = [];
  if (tag !== undefined) kinds.push(indexKind.tag(tag));
  if (name !== undefined) kinds.push(indexKind.name(name));
  if (status !== undefined) kinds.push(indexKind.status(status));
  return kinds.length === 0 ? [indexKind.all] : kinds;
}

/** The bounds of the members of a kind up to a time, included. */
export function boundsUntil(kind: string, untilMs: number): readonly [min: string, max: string] {
  return [`[${kind}`, `(${kind}${sortable(Math.max(0, untilMs + 1))}`];
}

/** The part of a member after its kind, which sorts as the list does. */
export function positionText({ createdAtMs, id }: ListPosition): string {
  return sortable(createdAtMs) + id;
}

export function positionOf(text: string): ListPosition {
  return { createdAtMs: Number(text.slice(0, TIME_DIGITS)), id: text.slice(TIME_DIGITS) };
}

/** A short hash. Most executions of a moment have the name of the one before. */
function shortHash(text: string): string {
  if (text !== lastHashed) {
    lastHashed = text;
    lastHash = Bun.hash(text).toString(16).padStart(16, "0");
  }
  return lastHash;
}

let lastHashed: string | null = null;
let lastHash = "";

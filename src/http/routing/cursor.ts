/** Opaque cursors: a position in a list, which stays where it is when new executions come. */
import type { ListPosition } from "../../engine/engine.ts";

export function encodeCursor(position: ListPosition): string {
  return Buffer.from(`${position.createdAtMs} ${position.id}`).toString("base64url");
}

/** The position of a cursor; null for a text that no list has given out. */
export function decodeCursor(cursor: string): ListPosition | null {
  if (cursor.length > CURSOR_MAX) return null;
  const parts = POSITION.exec(Buffer.from(cursor, "base64url").toString());
  return parts === null ? null : { createdAtMs: Number(parts[1]), id: parts[2] ?? "" };
}

const CURSOR_MAX = 256;
const POSITION = /^(\d{1,15}) ([\x21-\x7e]{1,128})$/;

/** The Link header (RFC 8288): the same list from the cursor on, relative to this server. */
export function linkToNext(url: string, cursor: string): string {
  const next = new URL(url);
  next.searchParams.set("cursor", cursor);
  return `<${next.pathname}${next.search}>; rel="next"`;
}

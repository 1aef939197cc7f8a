/**
 * How an error calls a value that it refuses: its kind and length, never the value. An error is kept, logged, published and
 * shown to others, and any value may be somebody's secret.
 */
import type * as v from "valibot";

/** As "a string of 7 characters". */
export function receivedKind(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string") return `a string of ${value.length === 1 ? "1 character" : `${value.length} characters`}`;
  // So integers keep their digits; to a schema they are no numbers.
  if (typeof value === "bigint") return `an integer of ${String(value).length} characters`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" ? "an object" : typeof value === "boolean" ? "a boolean" : "a number";
}

/** An issue's own sentence, without its full stop. The library's words end with the value that was received: here its kind stands there. */
export function issueText({ message, received, input }: v.BaseIssue<unknown>): string {
  const end = `eceived ${received}`;
  return message.endsWith(end) ? `${message.slice(0, message.length - received.length)}${receivedKind(input)}` : message;
}

/**
 * The description of a refused value in an error: its kind and length, never the value. An error is kept, logged, published
 * and shown to others, and any value may be somebody's secret.
 */
import type * as v from "valibot";

/** The kind of a value, such as "a string of 7 characters". */
export function receivedKind(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string") return `a string of ${value.length === 1 ? "1 character" : `${value.length} characters`}`;
  // Long integers keep their digits as BigInts. To a schema they are no numbers.
  if (typeof value === "bigint") return `an integer of ${String(value).length} characters`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" ? "an object" : typeof value === "boolean" ? "a boolean" : "a number";
}

/**
 * The sentence of an issue, without its full stop. The library's sentence ends with the received value; here its kind takes
 * that place.
 */
export function issueText({ message, received, input }: v.BaseIssue<unknown>): string {
  const end = `eceived ${received}`;
  return message.endsWith(end) ? `${message.slice(0, message.length - received.length)}${receivedKind(input)}` : message;
}

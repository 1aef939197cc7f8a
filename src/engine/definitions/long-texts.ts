/**
 * Long texts of a message between threads. A string that is posted alone crosses as it is, in no time and without a copy. In a nested
 * object it is written out and read again: 60 MB and some 60 ms of both threads for each 30 MB. So long texts are sent before the message.
 */
import { fromPlace, toPlace } from "../../workflow/json/long-json.ts";

/** The message with its long texts taken out, which are added to `texts`. Plain objects and maps are searched, lists are not. */
export function takenApart<Value>(value: Value, texts: string[]): Value {
  return walked(value, (each) => toPlace(each, texts)) as Value;
}

/** The message as it was. */
export function putTogether<Value>(value: Value, texts: readonly string[]): Value {
  if (texts.length === 0) return value;
  return walked(value, (each) => fromPlace(each, texts)) as Value;
}

function walked(value: unknown, change: (value: unknown) => unknown): unknown {
  const changed = change(value);
  if (changed !== value) return changed;
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, walked(each, change)]));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walked(each, change)]));
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

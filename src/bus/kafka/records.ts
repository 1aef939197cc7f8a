/** The stream's records in Kafka, format version 1 (docs/events.md): what a record holds, and cutting one that is too large. */
import type { EventRecord, StreamRecord } from "../event-stream.ts";

/** A message to Kafka. The key decides the partition. */
export type Message = { readonly key: string; readonly value: string };
/** A message with the record that it was made of. `bytes`: its approximate size in a request. */
export type Outgoing = Message & { readonly record: StreamRecord; readonly bytes: number };

/** The version of this format. It changes when an older reader would misread what a newer one wrote. */
const RECORD_VERSION = 1;
/** The headers of every record. */
export const HEADERS = { "content-type": "application/json", "troupe-record": String(RECORD_VERSION) };
/** The bytes of headers, key and lengths. */
const BYTES_AROUND = 150;
const SEPARATOR_BYTES = 2;
const PLAIN = /^[\w-]+$/;
const HEAD_LENGTH_MAX = 16 * 1024;

/** The messages of a record, each with a value of at most `bytesMax`, as far as cutting between events allows. */
export function toMessages(record: StreamRecord, bytesMax: number): readonly Outgoing[] {
  const whole = toMessage(record);
  if (whole.bytes <= bytesMax || "rewoundTo" in record || typeof record.events !== "string") return [whole];
  const around = whole.bytes - Buffer.byteLength(record.events);
  return cut(record, record.events, bytesMax - around).map(toMessage);
}

/** The stub for a record that Kafka will never accept. */
export function stubOf(record: EventRecord, reason: string): Outgoing {
  return toMessage({ ...record, events: { omitted: reason } });
}

/** The dead letter of a record, with as much of it as there is. */
export function deadLetterOf(
  { execution, from, to, epoch, events }: EventRecord,
  reason: string,
  headLengthMax = HEAD_LENGTH_MAX,
): Message {
  const text = typeof events === "string" ? events : "";
  const head = text.slice(0, headLengthMax).toWellFormed();
  const bytes = Buffer.byteLength(text);
  const value = JSON.stringify({ version: RECORD_VERSION, execution, from, to, epoch, reason, bytes, head });
  return { key: execution, value };
}

/** Cuts a record between events, so that no piece has more bytes of them, unless one event alone has. A chunk's lines are its events. */
function cut(record: EventRecord, events: string, bytesMax: number): readonly EventRecord[] {
  const lines = events.slice(1, -1).split(",\n");
  if (lines.length !== record.to - record.from + 1) return [record];
  const pieces: EventRecord[] = [];
  let first = 0;
  let bytes = 0;
  const end = (next: number): void => {
    const isLast = next === lines.length;
    // Nobody knows what the execution is in between.
    const { status, closed } = isLast ? record : { status: null, closed: false };
    const text = `[${lines.slice(first, next).join(",\n")}]`;
    pieces.push({ ...record, from: record.from + first, to: record.from + next - 1, events: text, status, closed });
    [first, bytes] = [next, 0];
  };
  for (let at = 0; at < lines.length; at++) {
    const lineBytes = Buffer.byteLength(lines[at] as string) + SEPARATOR_BYTES;
    if (at > first && bytes + lineBytes > bytesMax) end(at);
    bytes += lineBytes;
  }
  end(lines.length);
  return pieces;
}

function toMessage(record: StreamRecord): Outgoing {
  const value = valueText(record);
  return { key: record.execution, value, record, bytes: Buffer.byteLength(value) + BYTES_AROUND };
}

function valueText(record: StreamRecord): string {
  const start = `{"version":${RECORD_VERSION},"execution":${quoted(record.execution)},"epoch":${record.epoch}`;
  if ("rewoundTo" in record) return `${start},"rewound":true,"to":${record.rewoundTo}}`;
  const { from, to, events, status, closed } = record;
  const what = typeof events === "string" ? `"events":${events}` : `"omitted":${JSON.stringify(events.omitted)}`;
  return `${start},"from":${from},"to":${to},"status":${status === null ? "null" : `"${status}"`},"closed":${closed},${what}}`;
}

/** An id in quotes. Ids are mostly UUIDs, and looking at one is cheaper than escaping it. */
function quoted(id: string): string {
  return PLAIN.test(id) ? `"${id}"` : JSON.stringify(id);
}

/**
 * The body of a Produce request (version 3, Kafka 0.11 to 4), with one record batch (format 2) for each partition. kafkajs
 * makes the same, with a buffer for each record and a number class for each length, which cost more than everything else of
 * the stream.
 */
import { crc32c } from "./crc32c.ts";

/** `valueBytes`: of the value in UTF-8. */
export type BatchRecord = { readonly key: string; readonly value: string; readonly valueBytes: number };
export type PartitionRecords = { readonly partition: number; readonly records: readonly BatchRecord[] };

/** In place of a time: Kafka takes a record without one, whatever its clock says. */
export const TIMELESS = -1;
/** What is said of every record of a request. `nowMs`: its time, or TIMELESS. */
export type Produced = { readonly topic: string; readonly headers: Readonly<Record<string, string>>; readonly nowMs: number };

/** All replicas that are in sync have it before it is answered. */
const ACKS_ALL = -1;
const NONE = -1;
const BATCH_FORMAT = 2;
/** Topic, counts, the heads of batches: more than they take. */
const REQUEST_HEAD_BYTES = 100;
const BATCH_HEAD_BYTES = 80;
/** Lengths, attributes and deltas. */
const RECORD_HEAD_BYTES = 32;
/** A UTF-16 unit becomes so many bytes at the most. */
const UNIT_BYTES_MAX = 3;

/** `timeoutMs`: for the broker, to have it at all replicas. */
export function produceBody(
  { topic, headers, nowMs }: Produced,
  partitions: readonly PartitionRecords[],
  timeoutMs: number,
): Buffer<ArrayBuffer> {
  const headerBytes = encodedHeaders(headers);
  const body = new Body(bytesAtMost(topic, headerBytes.length, partitions));
  body.int16(NONE); // transactional id
  body.int16(ACKS_ALL);
  body.int32(timeoutMs);
  body.int32(1);
  body.shortText(topic);
  body.int32(partitions.length);
  for (const { partition, records } of partitions) {
    body.int32(partition);
    const sizeAt = body.skip(4);
    writeBatch(body, records, headerBytes, nowMs);
    body.int32At(sizeAt, body.at - sizeAt - 4);
  }
  return body.written();
}

function writeBatch(body: Body, records: readonly BatchRecord[], headers: Buffer, nowMs: number): void {
  body.int64(0); // base offset: the broker's
  const lengthAt = body.skip(4);
  body.int32(NONE); // leader epoch
  body.int8(BATCH_FORMAT);
  const sumAt = body.skip(4);
  body.int16(0); // attributes: not compressed, not transactional
  body.int32(records.length - 1);
  body.int64(nowMs); // the first record's
  body.int64(nowMs); // the latest
  body.int64(NONE); // producer id: not idempotent
  body.int16(NONE); // its epoch
  body.int32(NONE); // its sequence
  body.int32(records.length);
  for (let offset = 0; offset < records.length; offset++) {
    const { key, value, valueBytes } = records[offset] as BatchRecord;
    const keyBytes = Buffer.byteLength(key);
    // Attributes and the time after the batch's take a byte each.
    const bytes = 2 + varintBytes(offset) + varintBytes(keyBytes) + keyBytes + varintBytes(valueBytes) + valueBytes + headers.length;
    body.varint(bytes);
    body.int8(0);
    body.int8(0);
    body.varint(offset);
    body.text(key, keyBytes);
    body.text(value, valueBytes);
    body.bytes(headers);
  }
  body.int32At(lengthAt, body.at - lengthAt - 4);
  body.int32At(sumAt, body.sum(sumAt + 4));
}

/** As they stand in a record: their count, then each name and value. */
function encodedHeaders(headers: Produced["headers"]): Buffer {
  const entries = Object.entries(headers);
  const body = new Body(entries.flat().reduce((sum, text) => sum + 5 + UNIT_BYTES_MAX * text.length, 5));
  body.varint(entries.length);
  for (const text of entries.flat()) body.text(text, Buffer.byteLength(text));
  return body.written();
}

function bytesAtMost(topic: string, headerBytes: number, partitions: readonly PartitionRecords[]): number {
  let bytes = REQUEST_HEAD_BYTES + UNIT_BYTES_MAX * topic.length;
  for (const { records } of partitions) {
    bytes += BATCH_HEAD_BYTES + records.length * (RECORD_HEAD_BYTES + headerBytes);
    for (const { key, valueBytes } of records) bytes += UNIT_BYTES_MAX * key.length + valueBytes;
  }
  return bytes;
}

/** Lengths are zigzag numbers of 7 bits a byte; here none is below 0. */
function varintBytes(value: number): number {
  if (value < 64) return 1;
  if (value < 8_192) return 2;
  if (value < 1_048_576) return 3;
  return value < 134_217_728 ? 4 : 5;
}

/** Bytes in the making. */
class Body {
  readonly #buffer: Buffer<ArrayBuffer>;
  at = 0;

  constructor(bytesMax: number) {
    this.#buffer = Buffer.allocUnsafeSlow(bytesMax);
  }

  written(): Buffer<ArrayBuffer> {
    return this.#buffer.subarray(0, this.at);
  }

  /** Where the bytes are that are written later. */
  skip(bytes: number): number {
    this.at += bytes;
    return this.at - bytes;
  }

  int8(value: number): void {
    this.#buffer[this.at++] = value;
  }

  int16(value: number): void {
    this.int8(value >> 8);
    this.int8(value);
  }

  int32(value: number): void {
    this.int32At(this.skip(4), value);
  }

  int32At(at: number, value: number): void {
    this.#buffer[at] = value >>> 24;
    this.#buffer[at + 1] = value >>> 16;
    this.#buffer[at + 2] = value >>> 8;
    this.#buffer[at + 3] = value;
  }

  /** Of a whole number. */
  int64(value: number): void {
    this.int32(Math.floor(value / 2 ** 32));
    this.int32(value);
  }

  varint(value: number): void {
    let rest = value * 2;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.int8((rest & 127) | 128);
    this.int8(rest);
  }

  /** Byte by byte: for so few that is faster than a call. */
  bytes(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) this.#buffer[this.at++] = bytes[at] as number;
  }

  /** After its length. */
  text(text: string, bytes: number): void {
    this.varint(bytes);
    this.#buffer.write(text, this.at, bytes, "utf8");
    this.at += bytes;
  }

  shortText(text: string): void {
    const bytes = Buffer.byteLength(text);
    this.int16(bytes);
    this.#buffer.write(text, this.at, bytes, "utf8");
    this.at += bytes;
  }

  /** Of everything from there. */
  sum(from: number): number {
    return crc32c(this.#buffer, from, this.at);
  }
}

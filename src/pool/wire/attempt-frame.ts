/**
 * Attempts as a frame. Most of what attempts of one execution carry is the same for all of them: each such kind crosses
 * once, and an attempt is five numbers. What is said often (names, a parent's output that 10,000 children read) is in a
 * table and crosses once a frame; what is short and probably said once stands in line.
 *
 * numbers: [texts that follow, attempts, table size, scope entries, kinds, length of the texts in line,
 *           a length for each text of the table (-1: a message of its own), 5 for each scope entry,
 *           for each kind KIND numbers, the keys from the trigger, and its scope's and parents' positions,
 *           and for each attempt its slot, node, kind, node's id and config].
 * A text is 0 for null, n for text n of the table (from 1), or -(length + 1) for the next text in line; those of kinds
 * and scope entries are in the table.
 */
import { ENTRY, grown, KIND, KindTable, TextTable } from "./attempt-tables.ts";
import { LONG_TEXT } from "./protocol.ts";
import type { AttemptFrame } from "./protocol.ts";
import type { Attempt, ExecutionRef, ScopeEntry } from "../pool.ts";
import type { Work } from "./work.ts";

const HEADER = 6;
const EACH = 5;
const OWN_TEXT = -1;
/** The length below which texts are not looked up in the table: copying costs less than comparing. */
const IN_LINE_BELOW = 128;

/** Packs a host's next attempts for a pipe. */
export function encodeAttempts(works: readonly Work[]): AttemptFrame {
  const table = new TextTable();
  const kinds = new KindTable(table);
  const inLine: string[] = [];
  const text = (value: string | null): number => {
    if (value === null) return 0;
    if (value.length >= IN_LINE_BELOW) return table.numberOf(value);
    inLine.push(value);
    return -(value.length + 1);
  };
  const size = works.length * EACH;
  if (size > scratch.length) scratch = grown(scratch, size);
  let at = 0;
  for (const { slot, attempt, execution } of works) {
    scratch[at] = slot;
    scratch[at + 1] = attempt.node;
    scratch[at + 2] = kinds.positionOf(attempt, execution);
    scratch[at + 3] = text(attempt.nodeId);
    scratch[at + 4] = text(attempt.config);
    at += EACH;
  }
  return packed({ count: works.length, attempts: scratch.subarray(0, size), table, kinds, inLine: inLine.join("") });
}

/** The parts of a frame. `attempts`: EACH numbers for each of them. */
type FrameParts = {
  readonly count: number;
  readonly attempts: Float64Array;
  readonly table: TextTable;
  readonly kinds: KindTable;
  readonly inLine: string;
};

function packed({ count, attempts, table, kinds, inLine }: FrameParts): AttemptFrame {
  const own: string[] = [];
  const short: string[] = [];
  const entries = kinds.entries?.numbers ?? NOTHING;
  const kindNumbers = kinds.numbers;
  const entriesAt = HEADER + table.texts.length;
  const kindsAt = entriesAt + entries.length;
  const attemptsAt = kindsAt + kindNumbers.length;
  const numbers = new Float64Array(attemptsAt + attempts.length);
  let at = HEADER;
  for (const value of table.texts) {
    const long = value.length >= LONG_TEXT;
    (long ? own : short).push(value);
    numbers[at++] = long ? OWN_TEXT : value.length;
  }
  if (entries.length > 0) numbers.set(entries, entriesAt);
  numbers.set(kindNumbers, kindsAt);
  numbers.set(attempts, attemptsAt);
  numbers[0] = 1 + own.length;
  numbers[1] = count;
  numbers[2] = table.texts.length;
  numbers[3] = entries.length / ENTRY;
  numbers[4] = kinds.count;
  numbers[5] = inLine.length;
  return { numbers, texts: [inLine + short.join(""), ...own] };
}

/** Unpacks what encodeAttempts packed. */
export function decodeAttempts(frame: AttemptFrame): Work[] {
  const { numbers, texts } = frame;
  const joined = texts[0] as string;
  const table = readTable(frame);
  let at = HEADER + table.length;
  const said = (place: number): string => table[(numbers[place] as number) - 1] as string;
  const orNull = (place: number): string | null => (numbers[place] === 0 ? null : said(place));
  const list = <T>(length: number, each: () => T): readonly T[] => (length === 0 ? NOTHING : Array.from({ length }, each));

  const entries = list(numbers[3] as number, (): ScopeEntry => {
    const from = at;
    at += ENTRY;
    const attempt = numbers[from + 2] as number;
    return { id: said(from), status: said(from + 1), attempt, error: orNull(from + 3), output: orNull(from + 4) };
  });
  const entry = (): ScopeEntry => entries[numbers[at++] as number] as ScopeEntry;
  const kinds = list(numbers[4] as number, (): Kind => {
    const from = at;
    at += KIND;
    const flags = numbers[from + 7] as number;
    return {
      execution: { id: said(from), name: said(from + 1) },
      attempt: numbers[from + 2] as number,
      handler: said(from + 3),
      params: orNull(from + 4),
      runtime: orNull(from + 5),
      timeoutMs: numbers[from + 6] as number,
      priority: flags >> 1,
      suspect: (flags & 1) === 1,
      limits: numbers[from + 11] === 0 ? null : { outputBytes: numbers[from + 11] as number, nesting: numbers[from + 12] as number },
      fromTrigger: list(numbers[from + 8] as number, () => said(at++)),
      scope: list(numbers[from + 9] as number, entry),
      parents: list(numbers[from + 10] as number, entry),
    };
  });

  let position = 0;
  const text = (place: number): string | null => {
    if (place >= 0) return place === 0 ? null : (table[place - 1] as string);
    const from = position;
    position -= place + 1;
    return joined.substring(from, position);
  };
  const works = new Array<Work>(numbers[1] as number);
  for (let i = 0; i < works.length; i += 1, at += EACH) {
    const kind = kinds[numbers[at + 2] as number] as Kind;
    const attempt: Attempt = {
      node: numbers[at + 1] as number,
      nodeId: text(numbers[at + 3] as number) as string,
      attempt: kind.attempt,
      handler: kind.handler,
      config: text(numbers[at + 4] as number),
      fromTrigger: kind.fromTrigger,
      scope: kind.scope,
      parents: kind.parents,
      params: kind.params,
      runtime: kind.runtime,
      timeoutMs: kind.timeoutMs,
      priority: kind.priority,
      suspect: kind.suspect,
      limits: kind.limits,
    };
    works[i] = { slot: numbers[at] as number, attempt, execution: kind.execution };
  }
  return works;
}

/** The common part of attempts. */
type Kind = Omit<Attempt, "node" | "nodeId" | "config"> & { readonly execution: ExecutionRef };

function readTable({ numbers, texts }: AttemptFrame): readonly string[] {
  const table = new Array<string>(numbers[2] as number);
  let position = numbers[5] as number;
  let nextOwn = 1;
  for (let i = 0; i < table.length; i += 1) {
    const length = numbers[HEADER + i] as number;
    if (length === OWN_TEXT) {
      table[i] = texts[nextOwn] as string;
      nextOwn += 1;
    } else {
      table[i] = (texts[0] as string).substring(position, position + length);
      position += length;
    }
  }
  return table;
}

const NOTHING: readonly never[] = Object.freeze([]);

/** Kept between frames, so that packing allocates little. */
let scratch = new Float64Array(EACH * 1024);

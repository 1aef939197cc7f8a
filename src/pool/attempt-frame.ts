/**
 * Attempts as a frame. What is said often (names, a parent's output that 10,000 children read) is in a table and
 * crosses once a frame; what is short and probably said once stands in line.
 *
 * numbers: [texts that follow, attempts, table size, scope entries, length of the texts in line,
 *           a length for each text of the table (-1: a message of its own), 5 for each scope entry,
 *           then for each attempt FIXED numbers, the keys from the trigger, and its scope's and parents' positions].
 * A text is 0 for null, n for text n of the table (from 1), or -(length + 1) for the next text in line.
 */
import { LONG_TEXT } from "./protocol.ts";
import type { AttemptFrame } from "./protocol.ts";
import type { Attempt, ScopeEntry } from "./pool.ts";
import type { ExecutionName, Work } from "./work.ts";

const HEADER = 5;
const FIXED = 15;
const ENTRY = 5;
const OWN_TEXT = -1;
/** Texts shorter than this are not looked up in the table: copying costs less than comparing. */
const IN_LINE_BELOW = 128;

/** Packs a host's next attempts for a pipe. */
export function encodeAttempts(works: readonly Work[]): AttemptFrame {
  const table = new TextTable();
  const entries = new EntryTable(table);
  const inLine: string[] = [];
  const text = (value: string | null): number => {
    if (value === null) return 0;
    if (value.length >= IN_LINE_BELOW) return table.numberOf(value);
    inLine.push(value);
    return -(value.length + 1);
  };
  let lastExecution: ExecutionName | null = null;
  let executionId = 0;
  let executionName = 0;
  let lastHandler: string | null = null;
  let handler = 0;

  let numbers = scratch;
  let at = 0;
  for (const { cell, attempt, execution } of works) {
    const most = FIXED + attempt.fromTrigger.length + attempt.scope.length + attempt.parents.length;
    if (at + most > numbers.length) numbers = scratch = grown(numbers, at + most);
    if (execution !== lastExecution) {
      lastExecution = execution;
      executionId = table.numberOf(execution.id);
      executionName = table.numberOf(execution.name);
    }
    if (attempt.handler !== lastHandler) {
      lastHandler = attempt.handler;
      handler = table.numberOf(attempt.handler);
    }
    numbers[at] = cell;
    numbers[at + 1] = executionId;
    numbers[at + 2] = executionName;
    numbers[at + 3] = attempt.node;
    numbers[at + 4] = text(attempt.nodeId);
    numbers[at + 5] = attempt.attempt;
    numbers[at + 6] = handler;
    numbers[at + 7] = text(attempt.config);
    numbers[at + 8] = text(attempt.params);
    numbers[at + 9] = text(attempt.runtime);
    numbers[at + 10] = attempt.timeoutMs;
    numbers[at + 11] = attempt.priority * 2 + (attempt.suspect ? 1 : 0);
    numbers[at + 12] = attempt.fromTrigger.length;
    numbers[at + 13] = attempt.scope.length;
    numbers[at + 14] = attempt.parents.length;
    at += FIXED;
    for (const key of attempt.fromTrigger) numbers[at++] = text(key);
    for (const entry of attempt.scope) numbers[at++] = entries.positionOf(entry);
    for (const entry of attempt.parents) numbers[at++] = entries.positionOf(entry);
  }
  return packed(works.length, numbers.subarray(0, at), table, entries, inLine.join(""));
}

function packed(count: number, attempts: Float64Array, table: TextTable, entries: EntryTable, inLine: string): AttemptFrame {
  const own: string[] = [];
  const short: string[] = [];
  const numbers = new Float64Array(HEADER + table.texts.length + entries.numbers.length + attempts.length);
  let at = HEADER;
  for (const value of table.texts) {
    const long = value.length >= LONG_TEXT;
    (long ? own : short).push(value);
    numbers[at++] = long ? OWN_TEXT : value.length;
  }
  numbers.set(entries.numbers, at);
  numbers.set(attempts, at + entries.numbers.length);
  numbers[0] = 1 + own.length;
  numbers[1] = count;
  numbers[2] = table.texts.length;
  numbers[3] = entries.numbers.length / ENTRY;
  numbers[4] = inLine.length;
  return { numbers, texts: [inLine + short.join(""), ...own] };
}

/** Unpacks what encodeAttempts packed. */
export function decodeAttempts(frame: AttemptFrame): Work[] {
  const { numbers, texts } = frame;
  const joined = texts[0] as string;
  const table = readTable(frame);
  let position = 0;
  const text = (number: number): string | null => {
    if (number === 0) return null;
    if (number > 0) return table[number - 1] as string;
    const from = position;
    position -= number + 1;
    return joined.substring(from, position);
  };
  let at = HEADER + table.length;
  const number = (): number => numbers[at++] as number;
  const list = <T>(length: number, each: () => T): readonly T[] => (length === 0 ? NOTHING : Array.from({ length }, each));

  const entries = list(numbers[3] as number, (): ScopeEntry => {
    const id = table[number() - 1] as string;
    const status = table[number() - 1] as string;
    return { id, status, attempt: number(), error: text(number()), output: text(number()) };
  });
  const entry = (): ScopeEntry => entries[number()] as ScopeEntry;

  const works = new Array<Work>(numbers[1] as number);
  let execution: ExecutionName = { id: "", name: "" };
  let lastId = 0;
  let lastName = 0;
  for (let i = 0; i < works.length; i += 1) {
    const from = at;
    at += FIXED;
    const id = numbers[from + 1] as number;
    const name = numbers[from + 2] as number;
    if (id !== lastId || name !== lastName) {
      lastId = id;
      lastName = name;
      execution = { id: table[id - 1] as string, name: table[name - 1] as string };
    }
    const flags = numbers[from + 11] as number;
    const attempt: Attempt = {
      node: numbers[from + 3] as number,
      nodeId: text(numbers[from + 4] as number) as string,
      attempt: numbers[from + 5] as number,
      handler: table[(numbers[from + 6] as number) - 1] as string,
      config: text(numbers[from + 7] as number),
      params: text(numbers[from + 8] as number),
      runtime: text(numbers[from + 9] as number),
      timeoutMs: numbers[from + 10] as number,
      priority: flags >> 1,
      suspect: (flags & 1) === 1,
      fromTrigger: list(numbers[from + 12] as number, () => text(number()) as string),
      scope: list(numbers[from + 13] as number, entry),
      parents: list(numbers[from + 14] as number, entry),
    };
    works[i] = { cell: numbers[from] as number, attempt, execution };
  }
  return works;
}

function readTable({ numbers, texts }: AttemptFrame): readonly string[] {
  const table = new Array<string>(numbers[2] as number);
  let position = numbers[4] as number;
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

/** Each text once, numbered from 1 in the order of first use. */
class TextTable {
  readonly texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.texts.push(text);
    this.#numbers.set(text, this.texts.length);
    return this.texts.length;
  }
}

/** Each scope entry once, by identity; its texts are in the text table. */
class EntryTable {
  readonly numbers: number[] = [];
  readonly #texts: TextTable;
  readonly #positions = new Map<ScopeEntry, number>();

  constructor(texts: TextTable) {
    this.#texts = texts;
  }

  positionOf(entry: ScopeEntry): number {
    const known = this.#positions.get(entry);
    if (known !== undefined) return known;
    const position = this.numbers.length / ENTRY;
    const orNull = (text: string | null): number => (text === null ? 0 : this.#texts.numberOf(text));
    this.numbers.push(
      this.#texts.numberOf(entry.id),
      this.#texts.numberOf(entry.status),
      entry.attempt,
      orNull(entry.error),
      orNull(entry.output),
    );
    this.#positions.set(entry, position);
    return position;
  }
}

const NOTHING: readonly never[] = Object.freeze([]);

/** Kept between frames, so that packing allocates little. */
let scratch = new Float64Array(FIXED * 1024);

function grown(numbers: Float64Array, least: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(least, numbers.length * 2));
  larger.set(numbers);
  return larger;
}

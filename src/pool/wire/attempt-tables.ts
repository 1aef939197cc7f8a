/** The common parts of one frame's attempts, each once: texts, what they see of other nodes, and kinds of attempts. */
import type { Attempt, ExecutionRef, ScopeEntry } from "../pool.ts";

/** The numbers of a scope entry. */
export const ENTRY = 5;
/** The numbers of a kind, without its lists. */
export const KIND = 13;

/** Texts, numbered from 1 in the order of first use. */
export class TextTable {
  readonly texts: string[] = [];
  #numbers: Map<string, number> | null = null;

  /** The number of a text. Each text is there once. */
  numberOf(text: string): number {
    this.#numbers ??= new Map();
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.add(text);
    this.#numbers.set(text, number);
    return number;
  }

  numberOrNull(text: string | null): number {
    return text === null ? 0 : this.numberOf(text);
  }

  /** Adds a text without looking whether it is there. */
  add(text: string): number {
    return this.texts.push(text);
  }
}

/** The kinds of attempts. Each is compared with the one before, because those of one execution come together. */
export class KindTable {
  entries: EntryTable | null = null;
  count = 0;
  readonly #table: TextTable;
  #length = 0;
  #last: Attempt | null = null;
  #execution: ExecutionRef | null = null;
  #id = 0;
  #name = 0;
  #handler = 0;

  constructor(table: TextTable) {
    this.#table = table;
  }

  /** The numbers, to be read before the next frame is packed. */
  get numbers(): Float64Array {
    return scratch.subarray(0, this.#length);
  }

  positionOf(attempt: Attempt, execution: ExecutionRef): number {
    const last = this.#last;
    if (execution === this.#execution && last !== null && isOfOneKind(attempt, last)) return this.count - 1;
    const table = this.#table;
    if (execution !== this.#execution) {
      this.#id = table.add(execution.id);
      if (execution.name !== this.#execution?.name) this.#name = table.numberOf(execution.name);
      this.#execution = execution;
    }
    if (attempt.handler !== last?.handler) this.#handler = table.numberOf(attempt.handler);
    this.#last = attempt;
    this.#add(attempt);
    this.count += 1;
    return this.count - 1;
  }

  #add(attempt: Attempt): void {
    const { fromTrigger, scope, parents } = attempt;
    const table = this.#table;
    let at = this.#length;
    this.#length += KIND + fromTrigger.length + scope.length + parents.length;
    if (this.#length > scratch.length) scratch = grown(scratch, this.#length);
    const numbers = scratch;
    numbers[at] = this.#id;
    numbers[at + 1] = this.#name;
    numbers[at + 2] = attempt.attempt;
    numbers[at + 3] = this.#handler;
    numbers[at + 4] = table.numberOrNull(attempt.params);
    numbers[at + 5] = table.numberOrNull(attempt.runtime);
    numbers[at + 6] = attempt.timeoutMs;
    numbers[at + 7] = attempt.priority * 2 + (attempt.suspect ? 1 : 0);
    numbers[at + 8] = fromTrigger.length;
    numbers[at + 9] = scope.length;
    numbers[at + 10] = parents.length;
    numbers[at + 11] = attempt.limits?.outputBytes ?? 0;
    numbers[at + 12] = attempt.limits?.nesting ?? 0;
    at += KIND;
    for (const key of fromTrigger) numbers[at++] = table.numberOf(key);
    for (const entry of scope) numbers[at++] = this.#positionOf(entry);
    for (const entry of parents) numbers[at++] = this.#positionOf(entry);
  }

  #positionOf(entry: ScopeEntry): number {
    this.entries ??= new EntryTable(this.#table);
    return this.entries.positionOf(entry);
  }
}

function isOfOneKind(a: Attempt, b: Attempt): boolean {
  return (
    a.handler === b.handler &&
    a.attempt === b.attempt &&
    a.params === b.params &&
    a.runtime === b.runtime &&
    a.timeoutMs === b.timeoutMs &&
    a.priority === b.priority &&
    a.suspect === b.suspect &&
    a.limits?.outputBytes === b.limits?.outputBytes &&
    a.limits?.nesting === b.limits?.nesting &&
    areSame(a.fromTrigger, b.fromTrigger) &&
    areSame(a.scope, b.scope) &&
    areSame(a.parents, b.parents)
  );
}

function areSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a === b || (a.length === b.length && a.every((each, i) => each === b[i]));
}

/** Each scope entry once, by identity. Its texts are in the text table. */
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
    const texts = this.#texts;
    const position = this.numbers.length / ENTRY;
    this.numbers.push(texts.numberOf(entry.id), texts.numberOf(entry.status), entry.attempt);
    this.numbers.push(texts.numberOrNull(entry.error), texts.numberOrNull(entry.output));
    this.#positions.set(entry, position);
    return position;
  }
}

/** Kept between frames, so that packing allocates little. */
let scratch = new Float64Array(KIND * 1024);

/** An array with the same numbers, and room for at least `least`. */
export function grown(numbers: Float64Array, least: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(least, numbers.length * 2));
  larger.set(numbers);
  return larger;
}

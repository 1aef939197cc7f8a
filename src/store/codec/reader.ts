/** A reader of a chunk's text: lines, and the items of one line, as slices. It parses no JSON. */
import type { Large } from "../../workflow/execution/messages.ts";
import type { NodeIndex } from "../../workflow/plan/plan.ts";

const COMMA = 44;
const CLOSE = 93;
const ZERO = 48;
const NINE = 57;
/** The number of digits that are added up without rounding. */
const EXACT_DIGITS = 15;

/** A reader that stands on one line after another. Each reading method takes the line's next item, in the order in which they stand. */
export class ChunkReader {
  readonly #text: string;
  readonly #index: ReadonlyMap<string, NodeIndex>;
  /** The position of the next character. */
  #at = 0;
  /** The position of the line's last bracket. */
  #end = 0;
  /** The beginning of the next line. */
  #next = 1;

  constructor(text: string, index: ReadonlyMap<string, NodeIndex>) {
    this.#text = text;
    this.#index = index;
  }

  /** Goes to the next event; false after the last one. */
  nextLine(): boolean {
    const text = this.#text;
    if (this.#next >= text.length - 1) return false;
    const feed = text.indexOf("\n", this.#next);
    const stop = feed === -1 ? text.length : feed;
    this.#at = this.#next + 1;
    // Before the line feed stands a comma, at the end the array's own bracket; before either stands the event's bracket.
    this.#end = stop - 2;
    this.#next = stop + 1;
    return true;
  }

  /** Whether the line has further items. */
  get hasMore(): boolean {
    return this.#at <= this.#end;
  }

  /** A quoted item without escapes, such as the event's word. */
  word(): string {
    const close = this.#text.indexOf('"', this.#at + 1);
    const word = this.#text.slice(this.#at + 1, close);
    this.#at = close + 2;
    return word;
  }

  node(): NodeIndex {
    return this.indexOf(this.word());
  }

  /** The position of a node's id in the plan. */
  indexOf(id: string): NodeIndex {
    const node = this.#index.get(id);
    if (node === undefined) throw new Error(`The log names a node "${id}" that the definition does not have.`);
    return node;
  }

  number(): number {
    const text = this.#text;
    let at = this.#at;
    let value = 0;
    let code = text.charCodeAt(at);
    while (code >= ZERO && code <= NINE) {
      value = value * 10 + (code - ZERO);
      code = text.charCodeAt(++at);
    }
    if ((code !== COMMA && code !== CLOSE) || at - this.#at > EXACT_DIGITS) {
      // Not a plain integer (a fraction, for example). This is rare, so the slow way is good enough.
      while (at < this.#end && code !== COMMA) code = text.charCodeAt(++at);
      value = Number(text.slice(this.#at, at));
    }
    this.#at = at + 1;
    return value;
  }

  /** The last one or two items: the bytes of a text that is kept apart; or 0 and the text itself; or 0 alone if there is none. */
  text(): string | Large | null {
    const bytes = this.number();
    if (bytes > 0) return { bytes };
    return this.#at > this.#end ? null : this.rest();
  }

  /** The rest of the line, as JSON text. */
  rest(): string {
    return this.#text.slice(this.#at, this.#end);
  }
}

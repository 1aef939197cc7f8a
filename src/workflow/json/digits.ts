/**
 * JSON with integers that a number cannot hold: they are parsed as BigInt and written as digits again. The parser is our
 * own, because a reviver is called for every value and overflows the stack: it took 16 s for 32 MB of numbers, and this
 * takes a second.
 */
import { closingQuote, COMMA, MINUS, QUOTE, RIGHT_BRACE, RIGHT_BRACKET, skipSpaces, stringText } from "./characters.ts";

/** The longest integer that keeps its digits. A longer one becomes what the built-in parser makes of it: Infinity. */
const DIGITS_MAX = 310;
const EXACT_DIGITS = 16;

/** The value of a text that is known to be JSON. It recurses; nesting was limited when the text came. */
export function parseWithDigits(text: string): unknown {
  return new DigitsParser(text).value();
}

/** A value of `parseWithDigits`, as compact JSON text. */
export function writeWithDigits(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(writeWithDigits).join(",")}]`;
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${writeWithDigits(member)}`);
  return `{${members.join(",")}}`;
}

class DigitsParser {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): unknown {
    switch (this.#next()) {
      case 0x7b:
        return this.#object();
      case 0x5b:
        return this.#list();
      case QUOTE:
        return this.#string();
      case 0x74:
        this.#position += 4;
        return true;
      case 0x66:
        this.#position += 5;
        return false;
      case 0x6e:
        this.#position += 4;
        return null;
      default:
        return this.#number();
    }
  }

  /** The next character that is no space. */
  #next(): number {
    this.#position = skipSpaces(this.#text, this.#position);
    return this.#text.charCodeAt(this.#position);
  }

  #object(): object {
    const object: Record<string, unknown> = {};
    this.#position++;
    if (this.#next() === RIGHT_BRACE) {
      this.#position++;
      return object;
    }
    for (;;) {
      this.#next();
      const key = this.#string();
      this.#next();
      this.#position++;
      const value = this.value();
      if (key === "__proto__") Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
      else object[key] = value;
      const goesOn = this.#next() === COMMA;
      this.#position++;
      if (!goesOn) return object;
    }
  }

  #list(): unknown[] {
    const list: unknown[] = [];
    this.#position++;
    if (this.#next() === RIGHT_BRACKET) {
      this.#position++;
      return list;
    }
    for (;;) {
      list.push(this.value());
      const goesOn = this.#next() === COMMA;
      this.#position++;
      if (!goesOn) return list;
    }
  }

  #string(): string {
    const start = this.#position;
    this.#position = closingQuote(this.#text, start) + 1;
    return stringText(this.#text, start, this.#position);
  }

  #number(): number | bigint {
    const text = this.#text;
    const start = this.#position;
    const digits = text.charCodeAt(start) === MINUS ? start + 1 : start;
    let position = digits;
    let value = 0;
    for (let code = text.charCodeAt(position); code >= 0x30 && code <= 0x39; code = text.charCodeAt(++position)) {
      value = value * 10 + (code - 0x30);
    }
    const isWhole = !isNumberPart(text.charCodeAt(position));
    if (!isWhole) while (isNumberPart(text.charCodeAt(position))) position++;
    this.#position = position;
    // So few digits cannot have been rounded.
    if (isWhole && position - digits < EXACT_DIGITS) return digits === start ? value : -value;
    const source = text.slice(start, position);
    const rounded = Number(source);
    const isLost = isWhole && !Number.isSafeInteger(rounded) && position - digits < DIGITS_MAX && Number.isFinite(rounded);
    return isLost ? BigInt(source) : rounded;
  }
}

/** Whether a character is a digit, a sign, a point, or the letter of an exponent. */
function isNumberPart(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e || code === 0x2b || (code | 0x20) === 0x65;
}

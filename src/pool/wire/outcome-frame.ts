/** Outcomes as a frame: [texts that follow, then for each outcome its slot, its kind and its text's length, or -1 for a long text]. */
import { LONG_TEXT } from "./protocol.ts";
import type { OutcomeFrame } from "./protocol.ts";
import type { Outcomes } from "./work.ts";

const OWN_TEXT = -1;
const FIRST = 1;
const COLUMNS = 3;

/** Packs outcomes for a pipe. */
export function encodeOutcomes(outcomes: Outcomes): OutcomeFrame {
  const count = outcomes.slots.length;
  const numbers = new Int32Array(FIRST + count * COLUMNS);
  const texts = [""];
  const short: string[] = [];
  let at = FIRST;
  for (let i = 0; i < count; i += 1) {
    const text = outcomes.texts[i] as string;
    const long = text.length >= LONG_TEXT;
    if (long) texts.push(text);
    else short.push(text);
    numbers[at] = outcomes.slots[i] as number;
    numbers[at + 1] = outcomes.kinds[i] as number;
    numbers[at + 2] = long ? OWN_TEXT : text.length;
    at += COLUMNS;
  }
  texts[0] = short.join("");
  numbers[0] = texts.length;
  return { numbers, texts };
}

/** Unpacks what encodeOutcomes packed. */
export function decodeOutcomes(frame: OutcomeFrame): Outcomes {
  const { numbers, texts } = frame;
  const count = (numbers.length - FIRST) / COLUMNS;
  const joined = texts[0] as string;
  const outcomes: Outcomes = { slots: new Array<number>(count), kinds: new Array<number>(count), texts: new Array<string>(count) };
  let position = 0;
  let nextOwn = 1;
  for (let i = 0, at = FIRST; i < count; i += 1, at += COLUMNS) {
    const length = numbers[at + 2] as number;
    outcomes.slots[i] = numbers[at] as number;
    outcomes.kinds[i] = numbers[at + 1] as number;
    if (length === OWN_TEXT) {
      outcomes.texts[i] = texts[nextOwn] as string;
      nextOwn += 1;
    } else {
      outcomes.texts[i] = joined.substring(position, position + length);
      position += length;
    }
  }
  return outcomes;
}

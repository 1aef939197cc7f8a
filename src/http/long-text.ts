/** JSON text that may be long: made in pieces, and sent as a string while it is short, as a stream from there on. */
import type { Turns } from "../env/turns.ts";

/** Pieces of one text, in order. */
export type Texts = AsyncGenerator<string, void>;

/** The whole text where it is short; else a stream that begins with what has been made and makes the rest as it is read. */
export async function bodyOf(texts: Texts, turns: Turns): Promise<string | ReadableStream<Uint8Array>> {
  let begin = "";
  while (begin.length <= STRING_CHARACTERS) {
    const { done, value } = await texts.next();
    if (done) return begin;
    begin += value;
  }
  return streamOf(begin, texts, turns);
}

/**
 * Members of an object, or elements of a list, with commas between them. `textOf`: null where an item has none.
 * `continued`: others stand before them.
 */
export function* joined<T>(
  items: readonly T[],
  textOf: (item: T, position: number) => string | null,
  continued = false,
): Generator<string, void> {
  let text = "";
  let separator = continued ? "," : "";
  for (let position = 0; position < items.length; position++) {
    const one = textOf(items[position] as T, position);
    if (one === null) continue;
    text += separator + one;
    separator = ",";
    if (text.length >= PIECE_CHARACTERS) {
      yield text;
      text = "";
    }
  }
  if (text !== "") yield text;
}

const STRING_CHARACTERS = 4 * 1024 * 1024;
/** Made in well under a millisecond. */
const PIECE_CHARACTERS = 64 * 1024;

/** Pulled, so a slow client is waited for, and nothing is made for one that has gone; others have their turns in between. */
function streamOf(begin: string, texts: Texts, turns: Turns): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode(begin));
    },
    async pull(controller) {
      await new Promise<void>((resolve) => turns.run(resolve));
      const { done, value } = await texts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await texts.return();
    },
  });
}

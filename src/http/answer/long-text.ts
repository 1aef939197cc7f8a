/** JSON text that may be long: it is made in pieces, and sent as a string while it is short, else as a stream. */
import { endOfPiece } from "../../env/pieces.ts";
import type { Turns } from "../../env/turns.ts";
import { LARGE_CHARACTERS, type Room, SHORT_CHARACTERS } from "../routing/room.ts";

/** Pieces of one text, in order. */
export type Texts = AsyncGenerator<string, void>;

/**
 * The whole text if it is short; else a stream that begins with what has been made and makes the rest as it is read. `atLeast`: its least
 * length; of a text that is large by that, nothing is made before there is room. Throws NoRoom.
 */
export async function bodyOf(
  texts: Texts,
  { turns, room }: { readonly turns: Turns; readonly room: Room },
  atLeast = 0,
): Promise<string | ReadableStream<Uint8Array>> {
  if (atLeast > LARGE_CHARACTERS) {
    const place = room.enterAnswer();
    place.hold(atLeast);
    return streamOf("", texts, turns, place.leave);
  }
  let begin = "";
  while (begin.length <= SHORT_CHARACTERS) {
    const { done, value } = await texts.next();
    if (done) return begin;
    begin += value;
  }
  const place = room.enterAnswer();
  try {
    place.hold(begin.length);
    while (begin.length <= LARGE_CHARACTERS) {
      await turnOf(turns);
      const { done, value } = await texts.next();
      if (done) break;
      begin += value;
      place.hold(begin.length);
    }
    return streamOf(begin, texts, turns, place.leave);
  } catch (error) {
    place.leave();
    await texts.return();
    throw error;
  }
}

/**
 * Members of an object, or elements of a list, with commas between them. `textOf`: null for an item without any. `continued`: others stand
 * before them.
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

/** The size of a piece, which is made and encoded in well under a millisecond. */
const PIECE_CHARACTERS = 64 * 1024;

/**
 * A stream that is pulled: a slow client is waited for, nothing is made for one that has gone, and others have their turns in between.
 * `leave` is called at its end, however that comes: the server cancels what a client has stopped reading.
 */
function streamOf(begin: string, texts: Texts, turns: Turns, leave: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let text = begin;
  let at = 0;
  async function next(): Promise<string | null> {
    while (at >= text.length) {
      const { done, value } = await texts.next();
      if (done) return null;
      text = value;
      at = 0;
    }
    const from = at;
    at = endOfPiece(text, from, PIECE_CHARACTERS);
    return from === 0 && at === text.length ? text : text.slice(from, at);
  }
  return new ReadableStream({
    async pull(controller) {
      await turnOf(turns);
      try {
        const piece = await next();
        if (piece !== null) return controller.enqueue(encoder.encode(piece));
        leave();
        controller.close();
      } catch (error) {
        leave();
        throw error;
      }
    },
    async cancel() {
      leave();
      await texts.return();
    },
  });
}

function turnOf(turns: Turns): Promise<void> {
  return new Promise((resolve) => turns.run(resolve));
}

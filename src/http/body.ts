/** Reads a request's body as UTF-8 text, up to a limit, whether its length was announced or not. */
import { type Refusal, refuse } from "./problem.ts";
import { NoRoom, type Room, SMALL_BODY_BYTES } from "./room.ts";

export type BodyResult = { readonly ok: true; readonly text: string } | Refusal;

/** An announced length above the limit is refused before anything is read; without one, reading stops at the limit. */
export async function readBody(request: Request, bytesMax: number, room: Room): Promise<BodyResult> {
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > bytesMax) return tooLarge(bytesMax);
  try {
    if (announced !== null && Number(announced) <= SMALL_BODY_BYTES) return textOf(await request.bytes());
    // All of it or nothing: many that each got a part would all fail in the end.
    if (announced !== null) room.takeBody(request, Number(announced));
    return await readStream(request, bytesMax, room, announced !== null);
  } catch (error) {
    if (error instanceof NoRoom) return closing({ ok: false, problem: error.problem });
    // The client went away in the middle, so most likely nobody reads this.
    return refuse(400, "The body ended before it was complete.");
  }
}

/** Decoded as it comes, so that bytes and text are not both there whole. `isTaken`: the room for it was taken before. */
async function readStream(request: Request, bytesMax: number, room: Room, isTaken: boolean): Promise<BodyResult> {
  if (request.body === null) return { ok: true, text: "" };
  const decoder = newDecoder();
  const parts: string[] = [];
  let size = 0;
  let taken = SMALL_BODY_BYTES;
  for await (const part of request.body) {
    size += part.byteLength;
    if (size > bytesMax) return tooLarge(bytesMax);
    if (!isTaken && size > taken) {
      const more = Math.min(bytesMax, Math.max(size, 2 * taken)) - taken;
      room.takeBody(request, more);
      taken += more;
    }
    const text = decoded(decoder, part, true);
    if (text === null) return closing(NO_UTF8);
    parts.push(text);
  }
  const last = decoded(decoder, NOTHING, false);
  if (last === null) return NO_UTF8;
  await room.workOn(request);
  return { ok: true, text: parts.join("") + last };
}

function textOf(bytes: Uint8Array): BodyResult {
  const text = decoded(wholeDecoder, bytes, false);
  return text === null ? NO_UTF8 : { ok: true, text };
}

/** Fails on what is not UTF-8 instead of replacing it, and takes a byte order mark away. */
function newDecoder(): TextDecoder {
  return new TextDecoder("utf-8", { fatal: true });
}

const wholeDecoder = newDecoder();
const NOTHING = new Uint8Array(0);

/** null: it is not UTF-8. */
function decoded(decoder: TextDecoder, bytes: Uint8Array, stream: boolean): string | null {
  try {
    return decoder.decode(bytes, { stream });
  } catch {
    return null;
  }
}

const NO_UTF8 = refuse(400, "The body is not valid UTF-8.");

function tooLarge(bytesMax: number): Refusal {
  return closing(refuse(413, `The body is larger than the limit of ${bytesMax} bytes.`));
}

/** The connection is closed, since the rest of the body is still on its way. */
function closing({ problem }: Refusal): Refusal {
  return { ok: false, problem: { ...problem, headers: { ...problem.headers, connection: "close" } } };
}

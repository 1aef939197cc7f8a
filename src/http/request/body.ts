/** The reading of a request's body as UTF-8 text, up to a limit, whether its length was announced or not. */
import { decoded } from "../../env/bytes.ts";
import { type Problem, type Refusal, refuse } from "../routing/problem.ts";
import { NoRoom, type Room, SMALL_BODY_BYTES } from "../routing/room.ts";

export type BodyResult = { readonly ok: true; readonly text: string } | Refusal;

/** Decodes bytes as UTF-8 and takes them away; null: they are not UTF-8. */
export type Decode = (bytes: Uint8Array<ArrayBuffer>) => Promise<string | null>;

export type BodyParts = { readonly bytesMax: number; readonly room: Room; readonly decode: Decode };

/** Reads a body. An announced length above the limit is refused before anything is read; without one, reading stops at the limit. */
export async function readBody(request: Request, parts: BodyParts): Promise<BodyResult> {
  const { bytesMax, room, decode } = parts;
  const header = request.headers.get("content-length");
  const announced = header === null ? null : Number(header);
  if (announced !== null && announced > bytesMax) return tooLarge(bytesMax, announced);
  try {
    if (announced !== null && announced <= SMALL_BODY_BYTES) return bodyText(decoded(await request.bytes()));
    if (announced !== null) {
      // All of it or nothing: if many each got a part, all of them would fail in the end.
      room.takeBody(request, announced);
      await room.mayRead(request);
    }
    const bytes = await (announced === null ? readUnknown(request, parts) : readAnnounced(request, announced));
    if (!(bytes instanceof Uint8Array)) return bytes;
    await room.workOn(request);
    return bodyText(bytes.byteLength < LARGE_BYTES ? decoded(bytes) : await decode(bytes));
  } catch (error) {
    if (error instanceof NoRoom) return { ok: false, problem: announced === null ? closing(error) : error.problem };
    // The client disconnected in the middle, so most likely nobody reads this.
    return refuse(400, "The body ended before it was complete.");
  }
}

async function readAnnounced({ body }: Request, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let size = 0;
  for await (const part of body ?? []) {
    bytes.set(part, size);
    size += part.byteLength;
  }
  return bytes.subarray(0, size);
}

async function readUnknown(request: Request, { bytesMax, room }: BodyParts): Promise<Uint8Array<ArrayBuffer> | Refusal> {
  let bytes = new Uint8Array(SMALL_BODY_BYTES);
  let size = 0;
  for await (const part of request.body ?? []) {
    const needed = size + part.byteLength;
    if (needed > bytesMax) return tooLarge(bytesMax, null);
    if (needed > bytes.byteLength) {
      const grown = Math.min(bytesMax, Math.max(needed, 2 * bytes.byteLength));
      room.takeBody(request, grown - bytes.byteLength);
      room.readMore(request, grown - bytes.byteLength);
      bytes = new Uint8Array(bytes.buffer.transfer(grown));
    }
    bytes.set(part, size);
    size = needed;
  }
  return bytes.subarray(0, size);
}

/** The result for a text; null if it could not be decoded. */
function bodyText(text: string | null): BodyResult {
  return text === null ? NO_UTF8 : { ok: true, text };
}

/** The size from which decoding takes milliseconds. */
const LARGE_BYTES = 256 * 1024;
const NO_UTF8 = refuse(400, "The body is not valid UTF-8.");

/**
 * The refusal of a body that is too large. A short rest that was announced is read and dropped; else the connection is closed, because the
 * rest is still on its way.
 */
function tooLarge(bytesMax: number, announced: number | null): Refusal {
  const refusal = refuse(413, `The body is larger than the limit of ${bytesMax} bytes.`);
  return { ok: false, problem: announced !== null && announced <= FORGOTTEN_BYTES ? refusal.problem : closing(refusal) };
}

const FORGOTTEN_BYTES = 64 * 1024 * 1024;

function closing({ problem }: { readonly problem: Problem }): Problem {
  return { ...problem, headers: { ...problem.headers, connection: "close" } };
}

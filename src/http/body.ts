/** Reads a request's body as bytes, up to a limit, whether its length was announced or not. */
import { type Refusal, refuse } from "./problem.ts";

export type BodyResult = { readonly ok: true; readonly bytes: Uint8Array } | Refusal;

/** An announced length above the limit is refused before anything is read; without one, reading stops at the limit. */
export async function readBody(request: Request, bytesMax: number): Promise<BodyResult> {
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > bytesMax) return tooLarge(bytesMax);
  try {
    const bytes = announced === null ? await readStream(request.body, bytesMax) : await request.bytes();
    return bytes === null || bytes.byteLength > bytesMax ? tooLarge(bytesMax) : { ok: true, bytes };
  } catch {
    // The client went away in the middle, so most likely nobody reads this.
    return refuse(400, "The body ended before it was complete.");
  }
}

/** null: there was more than `bytesMax`. */
async function readStream(stream: ReadableStream<Uint8Array> | null, bytesMax: number): Promise<Uint8Array | null> {
  if (stream === null) return new Uint8Array(0);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stream) {
    size += part.byteLength;
    if (size > bytesMax) return null;
    parts.push(part);
  }
  return Buffer.concat(parts, size);
}

/** The connection is closed, since the rest of the body is still on its way. */
function tooLarge(bytesMax: number): Refusal {
  return refuse(413, `The body is larger than the limit of ${bytesMax} bytes.`, { headers: { connection: "close" } });
}

/** What live handlers make of an HTTP answer: its body up to a limit, and failures that say whether to try again. */
import type { Clock } from "../../env/clock.ts";
import { HandlerError } from "../handler.ts";

/** Worth another try: timeouts, too early, too many, and the server's own trouble. */
function isRetried(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** The body as text. Rejects with a HandlerError above `bytesMax`, counted after decompression. */
export async function readBody(response: Response, bytesMax: number): Promise<string> {
  const announced = announcedBytes(response.headers);
  // A longer one may still have no body at all, as the answer to HEAD has none.
  if (announced !== null && announced <= bytesMax) return response.text();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the stream.
    if (bytes > bytesMax) {
      throw new HandlerError("answer_too_large", {
        message: `The answer is larger than the limit of ${bytesMax} bytes.`,
        retryable: false,
      });
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The length of a body that is sent as it is: HTTP lets no more through. Null where it may be longer once it is unpacked, or never ends. */
function announcedBytes(headers: Headers): number | null {
  const length = headers.get("content-length");
  if (length === null || headers.has("content-encoding") || headers.has("transfer-encoding")) return null;
  return /^\d{1,15}$/.test(length) ? Number(length) : null;
}

/** The failure that a status from 400 on means. `body`: shown in the message, cut. */
export function statusError(response: Response, what: string, body: string, clock: Clock): HandlerError {
  const { status } = response;
  const detail = body.trim() === "" ? "" : `: ${body.trim().slice(0, BODY_SHOWN)}`;
  return new HandlerError(`http_${status}`, {
    message: `${what} answered ${status}${detail}`,
    retryable: isRetried(status),
    retryAfterMs: retryAfterMs(response.headers.get("retry-after"), clock),
  });
}

const BODY_SHOWN = 300;

/** Retry-After: seconds or a date. Undefined where there is none, or none that can be read. */
function retryAfterMs(header: string | null, clock: Clock): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+(?:\.\d+)?\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.nowMs());
}

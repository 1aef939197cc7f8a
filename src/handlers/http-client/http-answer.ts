/** HTTP answers for live handlers: the body up to a limit, and failures that say whether to try again. */
import type { Clock } from "../../env/clock.ts";
import { HandlerError } from "../handler.ts";

/** Whether a status is worth another attempt: timeouts, too early, too many, and the server's own trouble. */
function isRetried(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** The body as text. Rejects with a HandlerError above `bytesMax`, counted after decompression. */
export async function readBody(response: Response, bytesMax: number): Promise<string> {
  const announced = announcedBytes(response.headers);
  // A longer one may still have no body at all, like the answer to HEAD.
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

/** The length of a body that is sent unpacked: HTTP lets no more through. Null if it may be longer once it is unpacked, or never ends. */
function announcedBytes(headers: Headers): number | null {
  const length = headers.get("content-length");
  if (length === null || headers.has("content-encoding") || headers.has("transfer-encoding")) return null;
  return /^\d{1,15}$/.test(length) ? Number(length) : null;
}

/** The failure for a status of 400 or above. `body` is shown in the message, shortened. */
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

/** The pause that Retry-After asks for: seconds or a date. Undefined if there is none, or none that can be read. */
function retryAfterMs(header: string | null, clock: Clock): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+(?:\.\d+)?\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.nowMs());
}

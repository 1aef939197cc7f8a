/**
 * The messages between the pool and a host: attempts down and outcomes up as frames, and a few small messages.
 *
 * A frame is one array of numbers and a few texts: short texts joined in one, each long text by itself. A text as a message of its own
 * passes to a thread without being copied; an array of objects costs several times as much.
 */
import type { HandlerInfo } from "../../workflow/definition/catalog.ts";
import type { AbortReason } from "./work.ts";

/** A frame. `numbers[0]`: the number of texts that follow. */
export type Frame<Numbers> = { readonly numbers: Numbers; readonly texts: readonly string[] };
/** Attempts: see attempt-frame.ts. */
export type AttemptFrame = Frame<Float64Array>;
/** Outcomes: see outcome-frame.ts. */
export type OutcomeFrame = Frame<Int32Array>;

/**
 * Messages to the host, beside frames. `memory`: the slots; for a child process the path of a file to map. `settings`: what the host's
 * entry wants.
 */
export type ToHost =
  | { readonly type: "start"; readonly settings: unknown; readonly slots: number; readonly memory: SharedArrayBuffer | string }
  | { readonly type: "abort"; readonly slots: readonly number[]; readonly reason: AbortReason };

/**
 * Messages from the host, beside frames. `ready` or `faults` is the first message of every host. `late`: something thrown outside any
 * attempt.
 */
export type FromHost =
  | { readonly type: "ready"; readonly handlers: readonly HandlerInfo[] }
  | { readonly type: "faults"; readonly faults: readonly string[] }
  | { readonly type: "late"; readonly message: string };

/** A message of a frame: a small frame is one message, others are their numbers and then each text. */
export type FrameMessage<Numbers> = Numbers | string | SmallFrame<Numbers>;
type SmallFrame<Numbers> = readonly [numbers: Numbers, text: string];

/** The longest small frame. Beyond it, a second message would wake the other side once more, which costs more than the copy. */
const SMALL_NUMBERS = 1_024;

/** The length from which a text travels by itself, so that a small text does not keep a large frame in memory. */
export const LONG_TEXT = 8 * 1024;

/**
 * Puts frames together from messages that come one by one: the numbers, then each text. Returns a function that takes every message and
 * says whether it was part of a frame.
 */
export function frameAssembler<Numbers extends Float64Array | Int32Array>(
  isNumbers: (message: unknown) => message is Numbers,
  done: (frame: Frame<Numbers>) => void,
): (message: unknown) => boolean {
  let numbers: Numbers | null = null;
  let texts: string[] = [];
  return (message) => {
    if (isSmallFrame(message) && isNumbers(message[0])) {
      done({ numbers: message[0], texts: [message[1]] });
      return true;
    }
    if (typeof message === "string") texts.push(message);
    else if (isNumbers(message)) numbers = message;
    else return false;
    if (numbers !== null && texts.length === numbers[0]) {
      const frame = { numbers, texts };
      numbers = null;
      texts = [];
      done(frame);
    }
    return true;
  };
}

/** Sends a frame so that frameAssembler on the other side finds it. */
export function sendFrame<Numbers extends { readonly length: number }>(
  frame: Frame<Numbers>,
  send: (message: FrameMessage<Numbers>) => void,
): void {
  const [text = ""] = frame.texts;
  const small = frame.texts.length === 1 && frame.numbers.length <= SMALL_NUMBERS && text.length < LONG_TEXT;
  if (small) return send([frame.numbers, text]);
  send(frame.numbers);
  for (const text of frame.texts) send(text);
}

function isSmallFrame(message: unknown): message is SmallFrame<unknown> {
  return Array.isArray(message);
}

/** Whether a message to a host is attempts. */
export function isAttemptNumbers(message: unknown): message is Float64Array {
  return message instanceof Float64Array;
}

/** Whether a message to a pool is outcomes. */
export function isOutcomeNumbers(message: unknown): message is Int32Array {
  return message instanceof Int32Array;
}

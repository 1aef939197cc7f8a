/**
 * Room for what is large: bodies that come in, and answers that go out. Both are bounded over all requests together, so that
 * many of them cannot take the memory that one may.
 */
import { type Problem, unavailable } from "./problem.ts";

export type RoomLimits = {
  /** Bytes of large bodies that are read or worked on. */
  readonly bodiesBytes: number;
  /** Answers above LARGE_CHARACTERS that are being sent. */
  readonly answersAtOnce: number;
};

/** Bodies up to this size find room always: what they take is bounded by the connections. */
export const SMALL_BODY_BYTES = 64 * 1024;
/** Longer texts are sent as they are read, in pieces; shorter ones at once. */
export const SHORT_CHARACTERS = 256 * 1024;
/** No more of an answer is made before it is read. */
export const LARGE_CHARACTERS = 4 * 1024 * 1024;

/** Nothing is wrong with the request: it is answered with 503. */
export class NoRoom extends Error {
  get problem(): Problem {
    return unavailable({ type: "unavailable", reason: this.message, retryAfterMs: RETRY_AFTER_MS });
  }
}

export type Room = {
  /** Room for more bytes of this request's body. Throws NoRoom. */
  takeBody(request: Request, bytes: number): void;
  /**
   * Resolves when its turn has come to be worked on: a definition takes several times its size while it is checked and stored,
   * so only few large ones are worked on at a time, in the order in which they were complete.
   */
  workOn(request: Request): Promise<void>;
  /** The request's body is not needed any more. May be called again, and for requests that took none. */
  leaveBody(request: Request): void;
  /** Room for an answer that is longer than SHORT_CHARACTERS. */
  enterAnswer(): AnswerPlace;
};

export type AnswerPlace = {
  /** So much of the answer is held by now. Throws NoRoom, and has left then. */
  hold(characters: number): void;
  /** It is sent, or will not be. May be called again. */
  leave(): void;
};

export function createRoom({ bodiesBytes, answersAtOnce }: RoomLimits): Room {
  const bodies = new Map<Request, number>();
  const worked = new Map<Request, number>();
  const complete: { readonly request: Request; readonly begin: () => void }[] = [];
  let bodyBytes = 0;
  let workedBytes = 0;
  let largeAnswers = 0;
  let answerCharacters = 0;
  const charactersMax = answersAtOnce * CHARACTERS_PER_ANSWER;
  /** One at the least. */
  function workOnNext(): void {
    for (let next = complete[0]; next !== undefined; next = complete[0]) {
      const bytes = bodies.get(next.request) ?? 0;
      if (worked.size > 0 && workedBytes + bytes > WORKED_BYTES) return;
      complete.shift();
      worked.set(next.request, bytes);
      workedBytes += bytes;
      next.begin();
    }
  }

  return {
    takeBody(request, bytes) {
      if (bodyBytes + bytes > bodiesBytes) throw new NoRoom("Other large bodies are being read; send this one later.");
      bodyBytes += bytes;
      bodies.set(request, (bodies.get(request) ?? 0) + bytes);
    },
    workOn(request) {
      if (!bodies.has(request)) return Promise.resolve();
      return new Promise((begin) => {
        complete.push({ request, begin });
        workOnNext();
      });
    },
    leaveBody(request) {
      if (bodies.size === 0) return;
      bodyBytes -= bodies.get(request) ?? 0;
      bodies.delete(request);
      workedBytes -= worked.get(request) ?? 0;
      if (worked.delete(request)) workOnNext();
    },
    enterAnswer() {
      let held = 0;
      let isLarge = false;
      const leave = (): void => {
        if (isLarge) largeAnswers--;
        answerCharacters -= held;
        isLarge = false;
        held = 0;
      };
      return {
        hold(characters) {
          leave();
          isLarge = characters > LARGE_CHARACTERS;
          // No more of a larger one is made before it is read.
          held = Math.min(characters, LARGE_CHARACTERS);
          if (isLarge) largeAnswers++;
          answerCharacters += held;
          if (largeAnswers <= answersAtOnce && answerCharacters <= charactersMax) return;
          leave();
          throw new NoRoom("Other large answers are being sent; ask for this one later.");
        },
        leave,
      };
    },
  };
}

const WORKED_BYTES = 32 * 1024 * 1024;
const RETRY_AFTER_MS = 1_000;
/** What all answers together may hold, for each of the large ones. */
const CHARACTERS_PER_ANSWER = 16 * 1024 * 1024;

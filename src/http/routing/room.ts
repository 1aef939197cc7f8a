/**
 * Room for what is large: bodies that come in, and answers that go out. Both are bounded over all requests together, so that
 * many of them cannot take the memory that one may.
 */
import type { Clock } from "../../env/clock.ts";
import { type Problem, unavailable } from "./problem.ts";

export type RoomSeams = {
  readonly clock: Clock;
  /** Resolves when what is not needed any more has been collected, or soon will be. */
  readonly collect: () => Promise<void>;
};

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
   * Resolves when its turn has come to be read: few are in memory at a time, and the others are still at their clients, whose
   * connections wait. Throws NoRoom where that takes too long.
   */
  mayRead(request: Request): Promise<void>;
  /** The same for more bytes of one whose length nobody knows, which cannot wait half read. Throws NoRoom. */
  readMore(request: Request, bytes: number): void;
  /**
   * Resolves when its turn has come to be worked on: a definition takes several times its size while it is checked and stored,
   * so only few large ones are worked on at a time, in the order in which they were complete, and what they have left is collected
   * before the next.
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

export function createRoom({ bodiesBytes, answersAtOnce }: RoomLimits, { clock, collect }: RoomSeams): Room {
  const bodies = new Map<Request, number>();
  const reading = new Line(READ_BYTES);
  const working = new Line(WORKED_BYTES);
  let bodyBytes = 0;
  let largeAnswers = 0;
  let answerCharacters = 0;
  const charactersMax = answersAtOnce * CHARACTERS_PER_ANSWER;
  return {
    takeBody(request, bytes) {
      if (bodyBytes + bytes > bodiesBytes) throw new NoRoom(BEING_READ);
      bodyBytes += bytes;
      bodies.set(request, (bodies.get(request) ?? 0) + bytes);
    },
    mayRead(request) {
      return new Promise((resolve, reject) => {
        const stop = clock.after(READ_WAIT_MS, () => {
          if (reading.giveUp(request)) reject(new NoRoom(BEING_READ));
        });
        reading.enter(request, bodies.get(request) ?? 0, () => {
          stop();
          resolve();
        });
      });
    },
    readMore(request, bytes) {
      if (!reading.more(request, bytes)) throw new NoRoom(BEING_READ);
    },
    workOn(request) {
      if (!bodies.has(request)) return Promise.resolve();
      return new Promise((begin) => working.enter(request, bodies.get(request) ?? 0, begin));
    },
    leaveBody(request) {
      const bytes = bodies.get(request);
      if (bytes === undefined) return;
      bodyBytes -= bytes;
      bodies.delete(request);
      const leave = (): void => {
        working.leave(request);
        reading.leave(request);
      };
      if (bytes < COLLECTED_BYTES || !working.has(request)) leave();
      else void collect().then(leave);
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

/** Who has entered, by bytes, up to a limit together; one at the least. The others wait in their order. */
class Line {
  readonly #bytesMax: number;
  readonly #inside = new Map<Request, number>();
  readonly #waiting = new Map<Request, { readonly bytes: number; readonly begin: () => void }>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  has(request: Request): boolean {
    return this.#inside.has(request);
  }

  enter(request: Request, bytes: number, begin: () => void): void {
    this.#waiting.set(request, { bytes, begin });
    this.#next();
  }

  /** Without a wait; false where there is no room for it. */
  more(request: Request, bytes: number): boolean {
    if (!this.#fits(bytes)) return false;
    this.#bytes += bytes;
    this.#inside.set(request, (this.#inside.get(request) ?? 0) + bytes);
    return true;
  }

  /** False where it does not wait any more. */
  giveUp(request: Request): boolean {
    return this.#waiting.delete(request);
  }

  leave(request: Request): void {
    this.#waiting.delete(request);
    this.#bytes -= this.#inside.get(request) ?? 0;
    this.#inside.delete(request);
    this.#next();
  }

  #fits(bytes: number): boolean {
    return this.#inside.size === 0 || this.#bytes + bytes <= this.#bytesMax;
  }

  #next(): void {
    for (const [request, { bytes, begin }] of this.#waiting) {
      if (!this.#fits(bytes)) return;
      this.#waiting.delete(request);
      this.#inside.set(request, bytes);
      this.#bytes += bytes;
      begin();
    }
  }
}

/** Two of the largest: one is worked on meanwhile. */
const READ_BYTES = 64 * 1024 * 1024;
/** Less than what a connection may be silent for. */
const READ_WAIT_MS = 20_000;
const BEING_READ = "Other large bodies are being read; send this one later.";
const WORKED_BYTES = 32 * 1024 * 1024;
/** What is left by less is no hurry. */
const COLLECTED_BYTES = 1024 * 1024;
const RETRY_AFTER_MS = 1_000;
/** What all answers together may hold, for each of the large ones. */
const CHARACTERS_PER_ANSWER = 16 * 1024 * 1024;

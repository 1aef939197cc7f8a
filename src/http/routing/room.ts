/**
 * Room for large bodies and large answers. Both are limited over all requests together, so that many of them cannot use the memory that one
 * may.
 */
import type { Clock } from "../../env/clock.ts";
import { type Problem, unavailable } from "./problem.ts";

export type RoomSeams = {
  readonly clock: Clock;
  /** Resolves when garbage has been collected, or soon will be. */
  readonly collect: () => Promise<void>;
};

export type RoomLimits = {
  /** Bytes of large bodies that are read or worked on. */
  readonly bodiesBytes: number;
  /** Answers above LARGE_CHARACTERS that are being sent. */
  readonly answersAtOnce: number;
};

/** The size up to which a body always finds room: the number of connections limits what these take. */
export const SMALL_BODY_BYTES = 64 * 1024;
/** The length from which a text is sent as it is read, in pieces. Shorter ones are sent at once. */
export const SHORT_CHARACTERS = 256 * 1024;
/** The part of an answer that is made before it is read. */
export const LARGE_CHARACTERS = 4 * 1024 * 1024;

/** There is no room. Nothing is wrong with the request: it is answered with 503. */
export class NoRoom extends Error {
  get problem(): Problem {
    return unavailable({ type: "unavailable", reason: this.message, retryAfterMs: RETRY_AFTER_MS });
  }
}

export type Room = {
  /** Takes room for more bytes of this request's body. Throws NoRoom. */
  takeBody(request: Request, bytes: number): void;
  /**
   * Resolves when the body may be read. Few are in memory at a time; the others are still at their clients, whose connections wait. Throws
   * NoRoom if that takes too long.
   */
  mayRead(request: Request): Promise<void>;
  /** Takes room for more bytes of a body of unknown length, which cannot wait half read. Throws NoRoom. */
  readMore(request: Request, bytes: number): void;
  /**
   * Resolves when the body may be worked on. A definition takes several times its size while it is checked and stored, so only few large
   * ones are worked on at a time, in the order in which they were complete, and their garbage is collected before the next.
   */
  workOn(request: Request): Promise<void>;
  /** Gives the room of a body back. May be called again, and for requests that took none. */
  leaveBody(request: Request): void;
  /** Takes room for an answer that is longer than SHORT_CHARACTERS. */
  enterAnswer(): AnswerPlace;
};

export type AnswerPlace = {
  /** Says how much of the answer is held by now. Throws NoRoom, and has left then. */
  hold(characters: number): void;
  /** Gives the room back: the answer is sent, or will not be. May be called again. */
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

/** A line of requests that have entered, by bytes, up to a limit together, at least one. The others wait in their order. */
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

  /** Takes more bytes without a wait; false if there is no room. */
  more(request: Request, bytes: number): boolean {
    if (!this.#fits(bytes)) return false;
    this.#bytes += bytes;
    this.#inside.set(request, (this.#inside.get(request) ?? 0) + bytes);
    return true;
  }

  /** Leaves the line; false if the request does not wait any more. */
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

/** The room for reading: two of the largest, because one is worked on meanwhile. */
const READ_BYTES = 64 * 1024 * 1024;
/** The longest wait: less than the time for which a connection may be silent. */
const READ_WAIT_MS = 20_000;
const BEING_READ = "Other large bodies are being read; send this one later.";
const WORKED_BYTES = 32 * 1024 * 1024;
/** The garbage below which collecting is not urgent. */
const COLLECTED_BYTES = 1024 * 1024;
const RETRY_AFTER_MS = 1_000;
/** The characters that all answers together may hold, for each of the large ones. */
const CHARACTERS_PER_ANSWER = 16 * 1024 * 1024;

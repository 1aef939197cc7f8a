/**
 * A thread that works on one order after the other and lives while there is work for it. If the thread dies over an order, the order is
 * given once more.
 */
import type { Clock } from "../../env/clock.ts";
import { collectWhenIdle } from "../../env/process/garbage.ts";
import { putTogether } from "./long-texts.ts";
import type { Answer, Order, OrderAnswers, ThreadSettings } from "./checker-thread.ts";

export type OrderThread = {
  /** The answer to an order about the text. Rejects if the thread dies twice over it, or is closed. */
  ask<Kind extends Order["kind"]>(order: Extract<Order, { kind: Kind }>, text: string): Promise<OrderAnswers[Kind]>;
  /** The text of bytes in UTF-8, which are given away; null if they are not UTF-8. Rejects likewise, if the thread dies once. */
  decode(bytes: Uint8Array<ArrayBuffer>): Promise<string | null>;
  /** Its settings have changed. */
  renewed(): void;
  close(): void;
};

const IDLE_MS = 10_000;
/** The garbage of a large text, in its own size: the text, and what is made of it. */
const COPIES = 2;

type Waiting = {
  readonly order: Order;
  readonly given: string | Uint8Array<ArrayBuffer>;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
  deaths: number;
};

export function createOrderThread(settings: () => ThreadSettings, clock: Clock): OrderThread {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | null = null;
  let numbers = 0;
  let cancelIdle: (() => void) | null = null;

  function send(number: number, { order, given }: Waiting): void {
    cancelIdle?.();
    cancelIdle = null;
    thread ??= startThread(settings(), { answered, died });
    if (typeof given === "string") thread.postMessage(given);
    else thread.postMessage(given, [given.buffer]);
    thread.postMessage({ number, order });
  }

  function answered({ number, answer }: Answer): void {
    const asked = waiting.get(number);
    waiting.delete(number);
    collectWhenIdle(COPIES * (asked?.given.length ?? 0));
    if (waiting.size === 0) cancelIdle = clock.after(IDLE_MS, end);
    asked?.resolve(answer as never);
  }

  function died(which: Worker, reason: string): void {
    if (thread !== which) return;
    thread.terminate();
    thread = null;
    for (const [number, asked] of [...waiting]) {
      asked.deaths += 1;
      if (asked.deaths === 1 && typeof asked.given === "string") send(number, asked);
      else {
        waiting.delete(number);
        asked.reject(new Error(`The document could not be read: ${reason}`));
      }
    }
  }

  function end(): void {
    cancelIdle = null;
    thread?.terminate();
    thread = null;
  }

  function asked<Answered>(order: Order, given: Waiting["given"]): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const number = ++numbers;
      const its: Waiting = { order, given, resolve, reject, deaths: 0 };
      waiting.set(number, its);
      send(number, its);
    });
  }

  return {
    ask: asked,
    decode: async (bytes) => (await asked<OrderAnswers["decode"]>({ kind: "decode" }, bytes)).text,
    renewed: () => thread?.postMessage(settings()),
    close() {
      cancelIdle?.();
      end();
      for (const asked of waiting.values()) asked.reject(new Error("The server is stopping."));
      waiting.clear();
    },
  };
}

type ThreadEvents = { answered(answer: Answer): void; died(thread: Worker, reason: string): void };

function startThread(settings: ThreadSettings, { answered, died }: ThreadEvents): Worker {
  const started = new Worker(new URL("./checker-thread.ts", import.meta.url).href);
  started.postMessage(settings);
  let texts: string[] = [];
  started.onmessage = ({ data }: MessageEvent<Answer | string>) => {
    if (typeof data === "string") {
      texts.push(data);
      return;
    }
    const its = texts;
    texts = [];
    answered({ ...data, answer: putTogether(data.answer, its) });
  };
  started.onerror = (event) => {
    event.preventDefault();
    died(started, event.message);
  };
  return started;
}

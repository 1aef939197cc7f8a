/** A thread that works on one order after the other and lives while there is work for it. An order is asked once more where the thread dies over it. */
import type { Clock } from "../env/clock.ts";
import { leftGarbage } from "../env/garbage.ts";
import type { Answer, Order, OrderAnswers, ThreadSettings } from "./definition-thread.ts";

export type OrderThread = {
  /** What the order says of the text. Rejects where the thread dies twice over it, or it is closed. */
  ask<Kind extends Order["kind"]>(order: Extract<Order, { kind: Kind }>, text: string): Promise<OrderAnswers[Kind]>;
  /** Its settings are others than before. */
  renewed(): void;
  close(): void;
};

const IDLE_MS = 10_000;
/** What a large text leaves here, in its own size: its bytes, the text, what crossed to the thread and back. */
const COPIES = 4;

type Waiting = {
  readonly order: Order;
  readonly text: string;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
  deaths: number;
};

export function createOrderThread(settings: () => ThreadSettings, clock: Clock): OrderThread {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | null = null;
  let numbers = 0;
  let cancelIdle: (() => void) | null = null;

  function start(): Worker {
    const started = new Worker(new URL("./definition-thread.ts", import.meta.url).href);
    started.postMessage(settings());
    started.onmessage = ({ data }: MessageEvent<Answer>) => answered(data);
    started.onerror = (event) => {
      event.preventDefault();
      if (thread === started) died(event.message);
    };
    return started;
  }

  function send(number: number, { order, text }: Waiting): void {
    cancelIdle?.();
    cancelIdle = null;
    thread ??= start();
    thread.postMessage(text);
    thread.postMessage({ number, order });
  }

  function answered({ number, answer }: Answer): void {
    const asked = waiting.get(number);
    waiting.delete(number);
    leftGarbage(COPIES * (asked?.text.length ?? 0));
    if (waiting.size === 0) cancelIdle = clock.after(IDLE_MS, end);
    asked?.resolve(answer as never);
  }

  function died(reason: string): void {
    thread?.terminate();
    thread = null;
    for (const [number, asked] of [...waiting]) {
      asked.deaths += 1;
      if (asked.deaths === 1) send(number, asked);
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

  return {
    ask(order, text) {
      return new Promise((resolve, reject) => {
        const number = ++numbers;
        const asked: Waiting = { order, text, resolve, reject, deaths: 0 };
        waiting.set(number, asked);
        send(number, asked);
      });
    },
    renewed: () => thread?.postMessage(settings()),
    close() {
      cancelIdle?.();
      end();
      for (const asked of waiting.values()) asked.reject(new Error("The server is stopping."));
      waiting.clear();
    },
  };
}

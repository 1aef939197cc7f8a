/** A host's side of its pipe, the same in a Worker and in a child process: the entry of either calls it. */
import type { HandlerInfo } from "../../workflow/definition/catalog.ts";
import { createAwake } from "../../env/process/awake.ts";
import { systemClock } from "../../env/clock.ts";
import { systemTurns } from "../../env/turns.ts";
import { decodeAttempts } from "../wire/attempt-frame.ts";
import { slotsBytes, viewSlots } from "../wire/slots.ts";
import { createHost } from "./host.ts";
import type { Host } from "./host.ts";
import { encodeOutcomes } from "../wire/outcome-frame.ts";
import type { RunAttempt } from "../pool.ts";
import { frameAssembler, isAttemptNumbers, sendFrame } from "../wire/protocol.ts";
import type { FrameMessage, FromHost, ToHost } from "../wire/protocol.ts";

/** The period of heartbeats. Several fit into the time after which a pool counts a silent host as blocked. */
const BEAT_MS = 25;

/** The result of loading: what can run attempts, or every fault that prevents it, as sentences. */
export type Loaded =
  | { readonly ok: true; readonly handlers: readonly HandlerInfo[]; readonly run: RunAttempt }
  | { readonly ok: false; readonly faults: readonly string[] };

/**
 * Serves a pool for as long as this thread or process lives. `load` is called once, with the settings that the pool was given. An exception
 * outside any attempt is reported and affects nobody.
 */
export function serve(load: (settings: unknown) => Promise<Loaded>): void {
  const pipe = Bun.isMainThread ? childPipe() : threadPipe();
  let host: Host | null = null;
  const awake = createAwake();
  const takeFrame = frameAssembler(isAttemptNumbers, (frame) => {
    awake.heard();
    host?.take(decodeAttempts(frame));
  });

  process.on("uncaughtException", (error) => pipe.send({ type: "late", message: described(error) }));
  process.on("unhandledRejection", (error) => pipe.send({ type: "late", message: described(error) }));
  // A handler that calls process.exit ends this host. What others had ended by then is not lost with it.
  process.on("exit", () => host?.flush());

  pipe.listen((message) => {
    if (takeFrame(message)) return;
    const order = message as ToHost;
    if (order.type === "abort") host?.abort(order.slots, order.reason);
    else void start(order);
  });

  async function start({ settings, slots, memory }: Extract<ToHost, { type: "start" }>): Promise<void> {
    try {
      const loaded = await load(settings);
      if (!loaded.ok) return pipe.send({ type: "faults", faults: loaded.faults });
      host = createHost({
        run: loaded.run,
        slots: viewSlots(typeof memory === "string" ? mapped(memory, slots) : memory, slots),
        post(outcomes) {
          sendFrame(encodeOutcomes(outcomes), pipe.send);
          awake.asked();
        },
        clock: systemClock,
        turns: systemTurns,
        beatMs: BEAT_MS,
      });
      pipe.send({ type: "ready", handlers: loaded.handlers });
    } catch (error) {
      // Whatever a handler's module throws while it loads is reported as a fault of the start.
      pipe.send({ type: "faults", faults: [described(error)] });
    }
  }
}

type Pipe = {
  send(message: FromHost | FrameMessage<Int32Array>): void;
  listen(heard: (message: unknown) => void): void;
};

declare const self: Worker;

function threadPipe(): Pipe {
  return {
    send: (message) => postMessage(message),
    listen(heard) {
      self.onmessage = (event: MessageEvent) => heard(event.data);
    },
  };
}

function childPipe(): Pipe {
  // A terminal sends these signals to the whole group, but only the pool decides when its child ends.
  process.on("SIGINT", leaveToParent);
  process.on("SIGTERM", leaveToParent);
  // The main thread of this process may be blocked for ever, so another thread watches for the parent's end.
  new Worker(new URL("./parent-watch.ts", import.meta.url)).unref();
  return {
    send: (message) => process.send?.(message),
    listen: (heard) => void process.on("message", heard),
  };
}

function leaveToParent(): void {
  // Installed so that the signal does not end this process.
}

function mapped(path: string, slots: number): ArrayBufferLike {
  const memory = Bun.mmap(path, { shared: true });
  if (memory.byteLength < slotsBytes(slots)) throw new Error(`The shared slots in ${path} are too small for ${slots} slots.`);
  return memory.buffer;
}

function described(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

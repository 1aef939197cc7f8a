/** Batches of attempts to two raw Workers and back: what no pool of threads can be faster than. */
import type { ServicesOfRun, Subject } from "../case.ts";
import { timedRounds } from "./timed-rounds.ts";

const THREADS = 2;
const ITEMS = 10_000;
/** As in the engine: so many attempts are a message, of so many numbers and a short text each; three numbers and a text come back. */
const BATCH = 512;
const NUMBERS = 15;
const NUMBERS_BACK = 3;

/** `batch`: attempts in a message. */
export function threadsCeiling(batch = BATCH, services: ServicesOfRun): Promise<Subject> {
  const workers = Array.from({ length: THREADS }, () => new Worker(new URL("./echo-thread.ts", import.meta.url)));
  let open = 0;
  let round: PromiseWithResolvers<void> = Promise.withResolvers();
  for (const worker of workers) {
    worker.onerror = ({ message }) => round.reject(new Error(message));
    worker.onmessage = ({ data }: MessageEvent<Int32Array | string>) => {
      if (typeof data === "string") return;
      open -= data.length / NUMBERS_BACK;
      if (open === 0) round.resolve();
    };
  }
  return timedRounds({
    services,
    nodes: ITEMS,
    run() {
      open = ITEMS;
      round = Promise.withResolvers();
      for (let from = 0, turn = 0; from < ITEMS; from += batch, turn += 1) {
        const size = Math.min(batch, ITEMS - from);
        workers[turn % THREADS]?.postMessage("n1234".repeat(size));
        workers[turn % THREADS]?.postMessage(new Float64Array(NUMBERS * size));
      }
      return round.promise;
    },
    measure: (ms) => ({ "nodes/s": (ITEMS / ms) * 1_000 }),
    stop: () => workers.forEach((worker) => void worker.terminate()),
  });
}

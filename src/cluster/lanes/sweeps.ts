/** Sweeps: they look after everything from time to time, in case a ring of the doorbell was lost. */
import type { Clock } from "../../env/clock.ts";

const SWEEP_MS = 10_000;

/** Starts sweeps. The next one begins a while after the end of the last. The returned function ends them. */
export function startSweeps(clock: Clock, sweep: () => Promise<void>): () => void {
  let stopped = false;
  let cancel = clock.after(SWEEP_MS, next);

  function next(): void {
    void sweep().then(() => {
      if (!stopped) cancel = clock.after(SWEEP_MS, next);
    });
  }

  return () => {
    stopped = true;
    cancel();
  };
}

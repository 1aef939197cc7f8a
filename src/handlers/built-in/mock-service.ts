/** The base of mocks: an answer that takes as long as a service would. */
import type { Clock } from "../../env/clock.ts";
import type { Random } from "../../env/random.ts";
import type { HandlerContext } from "../handler.ts";
import type { HandlerSettings } from "../settings.ts";

/** Clock and chance for handlers; tests have a simulated twin. */
export type Surroundings = { readonly clock: Clock; readonly random: Random };

/** Resolves with the answer after the mocks' latency, at once if that is 0. Rejects with the signal's reason when aborted. */
export function afterLatency<T>(
  answer: () => T,
  context: Pick<HandlerContext, "signal">,
  { mockLatencyMs: { min, max } }: Pick<HandlerSettings, "mockLatencyMs">,
  { clock, random }: Surroundings,
): T | Promise<T> {
  const latencyMs = min + (max - min) * random.next();
  if (latencyMs <= 0) return answer();
  const { signal } = context;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.after(latencyMs, () => {
      signal.removeEventListener("abort", stop);
      resolve(answer());
    });
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** The time as services write it: ISO 8601, UTC. */
export function timestamp({ clock }: Surroundings): string {
  return new Date(clock.nowMs()).toISOString();
}

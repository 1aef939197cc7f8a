/** Hosts that are loaded beside those that work, to take their place: all of them, or none. */
import type { Clock } from "../../env/clock.ts";
import type { LinkEvents } from "../wire/link.ts";
import type { LoadedHandlers } from "../pool.ts";
import type { Runner } from "./host-handle.ts";

/** What has not loaded by then is not waited for. */
const LOAD_MS = 60_000;

export type Renewal = { readonly word: LoadedHandlers; readonly runners: readonly Runner[] };

/** Starts a host. Throws where the machine cannot start one now. */
export type Hire = (words: Pick<LinkEvents, "ready" | "faults" | "gone">) => Runner;

/** Starts `count` hosts. Where one of them cannot be loaded all are ended, each after its first word, and `runners` is empty. */
export async function loadTogether(count: number, hire: Hire, clock: Clock): Promise<Renewal> {
  const late = Promise.withResolvers<LoadedHandlers>();
  const cancel = clock.after(LOAD_MS, () => late.resolve(failed(`They were not loaded within ${LOAD_MS} ms.`)));
  let isRefused = false;
  const candidates = Array.from({ length: count }, () => candidate(hire, () => isRefused));
  const words = await Promise.all(candidates.map(({ word }) => Promise.race([word, late.promise])));
  cancel();
  const runners = candidates.flatMap(({ runner }) => (runner?.state === "ready" ? [runner] : []));
  const fault = words.find(({ ok }) => !ok) ?? (runners.length < count ? failed("It ended after it was loaded.") : null);
  if (fault === null) return { word: words[0] ?? { ok: true, handlers: [] }, runners };
  isRefused = true;
  for (const runner of runners) runner.link.end();
  return { word: fault, runners: [] };
}

function candidate(hire: Hire, isRefused: () => boolean): { readonly runner: Runner | null; readonly word: Promise<LoadedHandlers> } {
  const { promise: word, resolve } = Promise.withResolvers<LoadedHandlers>();
  try {
    const runner: Runner = hire({
      ready(handlers) {
        runner.state = "ready";
        resolve({ ok: true, handlers });
        // A host that loads cannot be ended safely before.
        if (isRefused()) runner.link.end();
      },
      faults(faults) {
        runner.state = "gone";
        runner.link.end();
        resolve({ ok: false, faults });
      },
      gone(reason) {
        runner.state = "gone";
        resolve(failed(`It ended while it was loading (${reason}).`));
      },
    });
    return { runner, word };
  } catch (error) {
    resolve(failed(String(error)));
    return { runner: null, word };
  }
}

function failed(fault: string): LoadedHandlers {
  return { ok: false, faults: [fault] };
}

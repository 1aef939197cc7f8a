/** Hosts that are loaded beside the working ones, to take their place: all of them, or none. */
import type { Clock } from "../../env/clock.ts";
import { within } from "../../env/deadline.ts";
import type { LinkEvents } from "../wire/link.ts";
import type { LoadedHandlers } from "../pool.ts";
import type { HostHandle } from "./host-handle.ts";

/** The time after which loading counts as failed. */
const LOAD_MS = 60_000;

export type Renewal = { readonly word: LoadedHandlers; readonly hosts: readonly HostHandle[] };

/** Starts a host. Throws if the machine cannot start one now. */
export type StartHost = (words: Pick<LinkEvents, "ready" | "faults" | "gone">) => HostHandle;

/** Starts `count` hosts. If one of them cannot be loaded all are ended, each after its first report, and `hosts` is empty. */
export async function loadTogether(count: number, startHost: StartHost, clock: Clock): Promise<Renewal> {
  const late = (): LoadedHandlers => failed(`The handlers were not loaded within ${LOAD_MS} ms.`);
  let isRefused = false;
  const candidates = Array.from({ length: count }, () => candidate(startHost, () => isRefused));
  const words = await Promise.all(candidates.map(({ word }) => within(clock, LOAD_MS, word, late)));
  const hosts = candidates.flatMap(({ host }) => (host?.state === "ready" ? [host] : []));
  const fault = words.find(({ ok }) => !ok) ?? (hosts.length < count ? failed("A thread ended after it had loaded the handlers.") : null);
  if (fault === null) return { word: words[0] ?? { ok: true, handlers: [] }, hosts };
  isRefused = true;
  for (const host of hosts) host.link.end();
  return { word: fault, hosts: [] };
}

function candidate(
  startHost: StartHost,
  isRefused: () => boolean,
): { readonly host: HostHandle | null; readonly word: Promise<LoadedHandlers> } {
  const { promise: word, resolve } = Promise.withResolvers<LoadedHandlers>();
  try {
    const host: HostHandle = startHost({
      ready(handlers) {
        host.state = "ready";
        resolve({ ok: true, handlers });
        // A host that is loading cannot be ended safely before.
        if (isRefused()) host.link.end();
      },
      faults(faults) {
        host.state = "gone";
        host.link.end();
        resolve({ ok: false, faults });
      },
      gone(reason) {
        host.state = "gone";
        resolve(failed(`The thread or process ended while it loaded the handlers (${reason}).`));
      },
    });
    return { host, word };
  } catch (error) {
    resolve(failed(String(error)));
    return { host: null, word };
  }
}

function failed(fault: string): LoadedHandlers {
  return { ok: false, faults: [fault] };
}

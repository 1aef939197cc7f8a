/** The hosts of a dispatcher: how many there are, and what happens when one cannot be loaded. */
import { type Pauses, pauseBefore } from "../../env/backoff.ts";
import type { Clock } from "../../env/clock.ts";
import { within } from "../../env/deadline.ts";
import type { HandlerInfo } from "../../workflow/definition/catalog.ts";
import type { LinkEvents, StartLink } from "../wire/link.ts";
import type { LoadedHandlers, Report } from "../pool.ts";
import { loadTogether } from "./renewal.ts";
import { HostHandle } from "./host-handle.ts";
import type { Outcomes } from "../wire/work.ts";

const STARTS: Pauses = { firstMs: 100, longestMs: 10_000 };
/** The time of loading after which a host is reported: it cannot be ended safely before its first report. */
const SLOW_LOAD_MS = 10_000;
/** The time for which `close` waits for hosts that are still loading. */
const CLOSE_MS = 5_000;

export type HostsOptions = {
  readonly startLink: StartLink;
  /** The settings that hosts load, until `renew`. */
  readonly settings?: unknown;
  readonly slots: number;
  /** The number of working hosts, and the number with spares for blocked ones. */
  readonly hosts: number;
  readonly hostsMost: number;
  /** The number of hosts of an idle dispatcher: `hosts`, or 0 for hosts that are started when they are needed. */
  readonly hostsIdle: number;
  /** The time without work after which a further host is ended. */
  readonly idleMs: number;
  readonly clock: Clock;
  readonly report: Report;
};

/** The events of loaded hosts, for a dispatcher. */
export type HostsEvents = {
  ready(): void;
  outcomes(host: HostHandle, outcomes: Outcomes): void;
  /** A host died by itself, and is no longer among the hosts. */
  died(host: HostHandle, reason: string): void;
};

export class Hosts {
  /** Settles with the first host. */
  readonly firstReport: Promise<LoadedHandlers>;

  readonly #options: HostsOptions;
  readonly #events: HostsEvents;
  #settings: unknown;
  readonly #hearFirst: (word: LoadedHandlers) => void;
  #hosts: readonly HostHandle[] = [];
  #starting = true;
  #everReady = false;
  /** Set by `close`, and called when the last host has gone. */
  #allGone: (() => void) | null = null;
  /** The number of hosts in a row that could not be loaded, and the time until which none is started. */
  #failures = 0;
  #pausedUntilMs = 0;
  #begunByGone = 0;
  /** Hosts that load what nobody wants any more. */
  readonly #superseded = new Set<HostHandle>();

  constructor(options: HostsOptions, events: HostsEvents) {
    this.#options = options;
    this.#events = events;
    this.#settings = options.settings;
    const { promise, resolve } = Promise.withResolvers<LoadedHandlers>();
    this.firstReport = promise;
    this.#hearFirst = resolve;
  }

  /** All hosts, including those that load and those that leave. */
  get all(): readonly HostHandle[] {
    return this.#hosts;
  }

  /** The number of attempts that have ever begun, also in hosts that are gone; it wraps at 32 bits. */
  get begun(): number {
    return this.#hosts.reduce((sum, host) => (sum + host.begun) | 0, this.#begunByGone);
  }

  /** Whether the number of hosts is not that of an idle dispatcher, or some of them load or leave. */
  get moving(): boolean {
    return this.#hosts.length !== this.#options.hostsIdle || this.#hosts.some(({ state }) => state !== "ready");
  }

  /** Starts hosts until enough of them are at work. Blocked ones do not count. */
  fill(busy: boolean): void {
    const { hosts, hostsIdle, hostsMost, clock } = this.#options;
    if (!this.#starting || clock.nowMs() < this.#pausedUntilMs) return;
    const wanted = busy ? hosts : hostsIdle;
    const staying = this.#hosts.filter((host) => host.state !== "leaving" && !this.#superseded.has(host));
    let atWork = staying.filter((host) => !host.silent).length;
    try {
      for (let all = staying.length; atWork < wanted && all < hostsMost; atWork += 1, all += 1) this.#start();
    } catch (error) {
      // The machine gave no thread, process or file. What waits goes on waiting, as for any host that cannot be loaded.
      this.#failed([String(error)]);
    }
  }

  /** Looks at a host that does not work: reports one that loads for long, and ends a spare that was idle for long. */
  lookAt(host: HostHandle, nowMs: number): void {
    const restedMs = nowMs - host.idleSinceMs;
    if (host.state === "loading" && restedMs >= SLOW_LOAD_MS) {
      host.idleSinceMs = nowMs;
      this.#options.report(
        `A thread or child process has been loading for more than ${SLOW_LOAD_MS} ms: look for a handler's module that does not end.`,
      );
    }
    if (host.inHand + host.vacated > 0) return;
    if (host.state === "leaving") return this.dismiss(host);
    const enough = this.#hosts.filter(({ state }) => state !== "leaving").length > this.#options.hostsIdle;
    if (enough && host.state === "ready" && restedMs >= this.#options.idleMs) this.dismiss(host);
  }

  /**
   * Starts as many hosts with these settings as an idle dispatcher has. Once all are loaded they replace the present ones: `leave` is
   * called for each of these, which ends when it has nothing in hand. If one cannot be loaded, everything stays as it is.
   */
  async renew(settings: unknown, leave: (host: HostHandle) => void): Promise<LoadedHandlers> {
    const { hostsIdle, clock } = this.#options;
    const { word, hosts } = await loadTogether(hostsIdle, (words) => this.#startHost(settings, words), clock);
    if (!word.ok) return word;
    if (!this.#starting) {
      for (const host of hosts) host.link.end();
      return { ok: false, faults: ["The instance is stopping."] };
    }
    const old = this.#hosts;
    this.#settings = settings;
    this.#failures = 0;
    this.#pausedUntilMs = 0;
    this.#hosts = [...old, ...hosts];
    for (const host of old) {
      if (host.state === "loading") this.#superseded.add(host);
      if (host.state !== "ready") continue;
      host.state = "leaving";
      leave(host);
      this.lookAt(host, clock.nowMs());
    }
    return word;
  }

  /** Ends a host that has made its first report. */
  dismiss(host: HostHandle): void {
    this.#remove(host);
    host.link.end();
  }

  /** Starts no more hosts. */
  freeze(): void {
    this.#starting = false;
  }

  /** Ends all hosts. Resolves when none is left that was still loading. */
  async close(): Promise<void> {
    this.#starting = false;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#allGone = resolve;
    for (const host of this.#hosts) if (host.state !== "loading") this.dismiss(host);
    if (this.#hosts.length === 0) return;
    await within(this.#options.clock, CLOSE_MS, promise, () => undefined);
  }

  #start(): void {
    const host = this.#startHost(this.#settings, {
      ready: (handlers) => this.#ready(host, handlers),
      faults: (faults) => {
        this.dismiss(host);
        // If no host was ever loaded, the start is refused with these faults: another report would promise a next try.
        const isReported = this.#everReady || this.#options.hostsIdle === 0;
        if (!this.#superseded.delete(host)) this.#failed(faults, isReported);
      },
      gone: () => undefined,
    });
    this.#hosts = [...this.#hosts, host];
  }

  /** Starts a host. Its `gone` is reported only while it is none of the hosts. */
  #startHost(settings: unknown, words: Pick<LinkEvents, "ready" | "faults" | "gone">): HostHandle {
    const host: HostHandle = new HostHandle(
      this.#options.startLink(
        this.#options.slots,
        {
          ...words,
          gone: (reason) => (this.#hosts.includes(host) ? this.#gone(host, reason) : words.gone(reason)),
          outcomes: (outcomes) => this.#events.outcomes(host, outcomes),
          late: (message) => this.#options.report(`A handler threw outside its attempt: ${message}`),
        },
        settings,
      ),
    );
    host.idleSinceMs = this.#options.clock.nowMs();
    return host;
  }

  #ready(host: HostHandle, handlers: readonly HandlerInfo[]): void {
    host.state = "ready";
    if (this.#superseded.delete(host)) return this.dismiss(host);
    host.idleSinceMs = this.#options.clock.nowMs();
    this.#failures = 0;
    this.#everReady = true;
    this.#hearFirst({ ok: true, handlers });
    if (this.#allGone !== null) this.dismiss(host);
    else this.#events.ready();
  }

  #gone(host: HostHandle, reason: string): void {
    const loaded = host.state !== "loading";
    this.#remove(host);
    if (loaded) this.#events.died(host, reason);
    else if (!this.#superseded.delete(host)) this.#failed([`The thread or process ended while it loaded the handlers (${reason}).`]);
  }

  /** Notes a failure. Another try follows after a pause that doubles, so that a permanent fault does not spin. */
  #failed(faults: readonly string[], isReported = true): void {
    this.#hearFirst({ ok: false, faults });
    if (!this.#starting) return;
    this.#failures += 1;
    const pauseMs = pauseBefore(this.#failures, STARTS);
    this.#pausedUntilMs = this.#options.clock.nowMs() + pauseMs;
    if (!isReported) return;
    this.#options.report(`A thread or child process could not be started; the next try is in ${pauseMs} ms or later: ${faults.join(" ")}`);
  }

  #remove(host: HostHandle): void {
    host.state = "gone";
    this.#begunByGone = (this.#begunByGone + host.begun) | 0;
    this.#hosts = this.#hosts.filter((other) => other !== host);
    if (this.#hosts.length === 0) this.#allGone?.();
  }
}

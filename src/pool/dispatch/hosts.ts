/** The hosts of a crew: how many there are, and what happens when one cannot be loaded. */
import type { Clock } from "../../env/clock.ts";
import type { HandlerInfo } from "../../workflow/definition/catalog.ts";
import type { LinkEvents, StartLink } from "../wire/link.ts";
import type { LoadedHandlers, Report } from "../pool.ts";
import { loadTogether } from "./renewal.ts";
import { Runner } from "./host-handle.ts";
import type { Outcomes } from "../wire/work.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A host that has been loading for so long is told of: it cannot be ended safely before its first word. */
const SLOW_LOAD_MS = 10_000;
/** How long `close` waits for hosts that are still loading. */
const CLOSE_MS = 5_000;

export type StaffOptions = {
  readonly startLink: StartLink;
  /** What hosts load, until `renew`. */
  readonly settings?: unknown;
  readonly slots: number;
  /** How many hosts work, and how many there may be with spares for those that are blocked. */
  readonly hosts: number;
  readonly hostsMost: number;
  /** How many stay when there is nothing to do: `hosts`, or 0 for hosts that are started when they are needed. */
  readonly hostsIdle: number;
  /** A host beyond those that stay is ended after so long without work. */
  readonly idleMs: number;
  readonly clock: Clock;
  readonly report: Report;
};

/** What a crew hears of its hosts once they are loaded. */
export type StaffEvents = {
  ready(): void;
  outcomes(runner: Runner, outcomes: Outcomes): void;
  /** It died by itself, and is no longer among the runners. */
  died(runner: Runner, reason: string): void;
};

export class Staff {
  /** Settles with the first host. */
  readonly firstWord: Promise<LoadedHandlers>;

  readonly #options: StaffOptions;
  readonly #events: StaffEvents;
  #settings: unknown;
  readonly #hearFirst: (word: LoadedHandlers) => void;
  #runners: readonly Runner[] = [];
  #hiring = true;
  /** Set by close: called when the last host has gone. */
  #allGone: (() => void) | null = null;
  /** Hosts that could not be loaded, one after another, and until when none is started. */
  #failures = 0;
  #pausedUntilMs = 0;
  #begunByGone = 0;
  /** Hosts that load what nobody wants any more. */
  readonly #superseded = new Set<Runner>();

  constructor(options: StaffOptions, events: StaffEvents) {
    this.#options = options;
    this.#events = events;
    this.#settings = options.settings;
    const { promise, resolve } = Promise.withResolvers<LoadedHandlers>();
    this.firstWord = promise;
    this.#hearFirst = resolve;
  }

  /** All hosts, those that load and those that leave included. */
  get runners(): readonly Runner[] {
    return this.#runners;
  }

  /** How many attempts have ever begun, in those that are gone too; starts again at the ends of 32 bits. */
  get begun(): number {
    return this.#runners.reduce((sum, runner) => (sum + runner.begun) | 0, this.#begunByGone);
  }

  /** Not as many hosts as stay when there is nothing to do, or some that load or leave. */
  get moving(): boolean {
    return this.#runners.length !== this.#options.hostsIdle || this.#runners.some(({ state }) => state !== "ready");
  }

  /** Starts hosts until enough of them are at work: blocked ones do not count. */
  fill(busy: boolean): void {
    const { hosts, hostsIdle, hostsMost, clock } = this.#options;
    if (!this.#hiring || clock.nowMs() < this.#pausedUntilMs) return;
    const wanted = busy ? hosts : hostsIdle;
    const staying = this.#runners.filter((runner) => runner.state !== "leaving" && !this.#superseded.has(runner));
    let atWork = staying.filter((runner) => !runner.silent).length;
    try {
      for (let all = staying.length; atWork < wanted && all < hostsMost; atWork += 1, all += 1) this.#start();
    } catch (error) {
      // The machine gave no thread, process or file: what waits goes on waiting, as for any host that cannot be loaded.
      this.#failed([String(error)]);
    }
  }

  /** Looks at a host that does not work: tells of one that loads for long, ends a spare that was idle for long. */
  lookAt(runner: Runner, nowMs: number): void {
    const restedMs = nowMs - runner.idleSinceMs;
    if (runner.state === "loading" && restedMs >= SLOW_LOAD_MS) {
      runner.idleSinceMs = nowMs;
      this.#options.report(
        `A thread or child process has been loading for more than ${SLOW_LOAD_MS} ms: look for a handler's module that does not end.`,
      );
    }
    if (runner.inHand + runner.vacated > 0) return;
    if (runner.state === "leaving") return this.dismiss(runner);
    const enough = this.#runners.filter(({ state }) => state !== "leaving").length > this.#options.hostsIdle;
    if (enough && runner.state === "ready" && restedMs >= this.#options.idleMs) this.dismiss(runner);
  }

  /**
   * Starts as many hosts with these settings as stay when there is nothing to do. Once all are loaded they take the place of
   * those that are there: `leave` is told of each, which ends when it has nothing in hand. Where one cannot be loaded,
   * everything stays as it is.
   */
  async renew(settings: unknown, leave: (runner: Runner) => void): Promise<LoadedHandlers> {
    const { hostsIdle, clock } = this.#options;
    const { word, runners } = await loadTogether(hostsIdle, (words) => this.#hire(settings, words), clock);
    if (!word.ok) return word;
    if (!this.#hiring) {
      for (const runner of runners) runner.link.end();
      return { ok: false, faults: ["The instance is stopping."] };
    }
    const old = this.#runners;
    this.#settings = settings;
    this.#failures = 0;
    this.#pausedUntilMs = 0;
    this.#runners = [...old, ...runners];
    for (const runner of old) {
      if (runner.state === "loading") this.#superseded.add(runner);
      if (runner.state !== "ready") continue;
      runner.state = "leaving";
      leave(runner);
      this.lookAt(runner, clock.nowMs());
    }
    return word;
  }

  /** Ends a host that has said its first word. */
  dismiss(runner: Runner): void {
    this.#remove(runner);
    runner.link.end();
  }

  /** Starts none any more. */
  freeze(): void {
    this.#hiring = false;
  }

  /** Ends all hosts; resolves when none is left that was still loading. */
  async close(): Promise<void> {
    this.#hiring = false;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#allGone = resolve;
    for (const runner of this.#runners) if (runner.state !== "loading") this.dismiss(runner);
    if (this.#runners.length === 0) return;
    const cancel = this.#options.clock.after(CLOSE_MS, resolve);
    await promise;
    cancel();
  }

  #start(): void {
    const runner = this.#hire(this.#settings, {
      ready: (handlers) => this.#ready(runner, handlers),
      faults: (faults) => {
        this.dismiss(runner);
        if (!this.#superseded.delete(runner)) this.#failed(faults);
      },
      gone: () => undefined,
    });
    this.#runners = [...this.#runners, runner];
  }

  /** Starts a host. Its `gone` is told only while it is none of the runners. */
  #hire(settings: unknown, words: Pick<LinkEvents, "ready" | "faults" | "gone">): Runner {
    const runner: Runner = new Runner(
      this.#options.startLink(
        this.#options.slots,
        {
          ...words,
          gone: (reason) => (this.#runners.includes(runner) ? this.#gone(runner, reason) : words.gone(reason)),
          outcomes: (outcomes) => this.#events.outcomes(runner, outcomes),
          late: (message) => this.#options.report(`A handler threw outside its attempt: ${message}`),
        },
        settings,
      ),
    );
    runner.idleSinceMs = this.#options.clock.nowMs();
    return runner;
  }

  #ready(runner: Runner, handlers: readonly HandlerInfo[]): void {
    runner.state = "ready";
    if (this.#superseded.delete(runner)) return this.dismiss(runner);
    runner.idleSinceMs = this.#options.clock.nowMs();
    this.#failures = 0;
    this.#hearFirst({ ok: true, handlers });
    if (this.#allGone !== null) this.dismiss(runner);
    else this.#events.ready();
  }

  #gone(runner: Runner, reason: string): void {
    const loaded = runner.state !== "loading";
    this.#remove(runner);
    if (loaded) this.#events.died(runner, reason);
    else if (!this.#superseded.delete(runner)) this.#failed([`It ended while it was loading (${reason}).`]);
  }

  /** Another try follows after a pause that doubles, so that a fault that stays does not spin. */
  #failed(faults: readonly string[]): void {
    this.#hearFirst({ ok: false, faults });
    if (!this.#hiring) return;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#pausedUntilMs = this.#options.clock.nowMs() + pauseMs;
    this.#options.report(`A thread or child process could not be started; the next try is in ${pauseMs} ms or later: ${faults.join(" ")}`);
  }

  #remove(runner: Runner): void {
    runner.state = "gone";
    this.#begunByGone = (this.#begunByGone + runner.begun) | 0;
    this.#runners = this.#runners.filter((other) => other !== runner);
    if (this.#runners.length === 0) this.#allGone?.();
  }
}

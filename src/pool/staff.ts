/** The hosts of a crew: how many there are, and what happens when one cannot be loaded. */
import type { Clock } from "../env/clock.ts";
import type { HandlerInfo } from "../workflow/catalog.ts";
import type { StartLink } from "./link.ts";
import { Runner } from "./runner.ts";
import type { Outcomes } from "./work.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A host that has been loading for so long is told of: it cannot be ended safely before its first word. */
const SLOW_LOAD_MS = 10_000;
/** How long `close` waits for hosts that are still loading. */
const CLOSE_MS = 5_000;

export type StaffOptions = {
  readonly startLink: StartLink;
  readonly slots: number;
  /** How many hosts work, and how many there may be with spares for those that are blocked. */
  readonly hosts: number;
  readonly hostsMost: number;
  /** How many stay when there is nothing to do: `hosts`, or 0 for hosts that are started when they are needed. */
  readonly hostsIdle: number;
  /** A host beyond those that stay is ended after so long without work. */
  readonly idleMs: number;
  readonly clock: Clock;
  /** A sentence for the log. */
  readonly report: (sentence: string) => void;
};

/** What a crew hears of its hosts once they are loaded. */
export type StaffEvents = {
  ready(): void;
  outcomes(runner: Runner, outcomes: Outcomes): void;
  /** It died by itself, and is no longer among the runners. */
  died(runner: Runner, reason: string): void;
};

/** The first word of the first host: its handlers, or why it could not be loaded. */
export type FirstWord =
  | { readonly ok: true; readonly handlers: readonly HandlerInfo[] }
  | { readonly ok: false; readonly faults: readonly string[] };

export class Staff {
  /** Settles with the first host. */
  readonly firstWord: Promise<FirstWord>;

  readonly #options: StaffOptions;
  readonly #events: StaffEvents;
  readonly #hearFirst: (word: FirstWord) => void;
  #runners: readonly Runner[] = [];
  #hiring = true;
  /** Set by close: called when the last host has gone. */
  #allGone: (() => void) | null = null;
  /** Hosts that could not be loaded, one after another, and until when none is started. */
  #failures = 0;
  #pausedUntilMs = 0;
  #begunByGone = 0;

  constructor(options: StaffOptions, events: StaffEvents) {
    this.#options = options;
    this.#events = events;
    const { promise, resolve } = Promise.withResolvers<FirstWord>();
    this.firstWord = promise;
    this.#hearFirst = resolve;
  }

  /** All hosts, those that load included. */
  get runners(): readonly Runner[] {
    return this.#runners;
  }

  /** How many attempts have ever begun, in those that are gone too; starts again at the ends of 32 bits. */
  get begun(): number {
    return this.#runners.reduce((sum, runner) => (sum + runner.begun) | 0, this.#begunByGone);
  }

  /** Not as many hosts as stay when there is nothing to do, or some that load. */
  get moving(): boolean {
    return this.#runners.length !== this.#options.hostsIdle || this.#runners.some(({ state }) => state === "loading");
  }

  /** Starts hosts until enough of them are at work: blocked ones do not count. */
  fill(busy: boolean): void {
    const { hosts, hostsIdle, hostsMost, clock } = this.#options;
    if (!this.#hiring || clock.nowMs() < this.#pausedUntilMs) return;
    const wanted = busy ? hosts : hostsIdle;
    let atWork = this.#runners.filter((runner) => !runner.silent).length;
    try {
      for (; atWork < wanted && this.#runners.length < hostsMost; atWork += 1) this.#start();
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
      this.#options.report(`A host has been loading for more than ${SLOW_LOAD_MS} ms: look for a handler's module that does not end.`);
    }
    const enough = this.#runners.length > this.#options.hostsIdle;
    const idle = runner.state === "ready" && runner.inHand + runner.vacated === 0;
    if (enough && idle && restedMs >= this.#options.idleMs) this.dismiss(runner);
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
    for (const runner of this.#runners) if (runner.state === "ready") this.dismiss(runner);
    if (this.#runners.length === 0) return;
    const cancel = this.#options.clock.after(CLOSE_MS, resolve);
    await promise;
    cancel();
  }

  #start(): void {
    const runner: Runner = new Runner(
      this.#options.startLink(this.#options.slots, {
        ready: (handlers) => this.#ready(runner, handlers),
        faults: (faults) => {
          this.dismiss(runner);
          this.#failed(faults);
        },
        outcomes: (outcomes) => this.#events.outcomes(runner, outcomes),
        gone: (reason) => this.#gone(runner, reason),
        late: (message) => this.#options.report(`A handler threw outside its attempt: ${message}`),
      }),
    );
    runner.idleSinceMs = this.#options.clock.nowMs();
    this.#runners = [...this.#runners, runner];
  }

  #ready(runner: Runner, handlers: readonly HandlerInfo[]): void {
    runner.state = "ready";
    runner.idleSinceMs = this.#options.clock.nowMs();
    this.#failures = 0;
    this.#hearFirst({ ok: true, handlers });
    if (this.#allGone !== null) this.dismiss(runner);
    else this.#events.ready();
  }

  #gone(runner: Runner, reason: string): void {
    const loaded = runner.state === "ready";
    this.#remove(runner);
    if (loaded) this.#events.died(runner, reason);
    else this.#failed([`It ended while it was loading (${reason}).`]);
  }

  /** Another try follows after a pause that doubles, so that a fault that stays does not spin. */
  #failed(faults: readonly string[]): void {
    this.#hearFirst({ ok: false, faults });
    if (!this.#hiring) return;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#pausedUntilMs = this.#options.clock.nowMs() + pauseMs;
    this.#options.report(`A host could not be loaded, the next try is in ${pauseMs} ms or later: ${faults.join(" ")}`);
  }

  #remove(runner: Runner): void {
    runner.state = "gone";
    this.#begunByGone = (this.#begunByGone + runner.begun) | 0;
    this.#runners = this.#runners.filter((other) => other !== runner);
    if (this.#runners.length === 0) this.#allGone?.();
  }
}

/** The hosts of one kind and what waits for them: who gets what, and what becomes of it when a host ends. */
import type { Clock } from "../env/clock.ts";
import type { Turns } from "../env/turns.ts";
import type { HandlerInfo } from "../workflow/catalog.ts";
import type { Failure } from "../workflow/failure.ts";
import type { Entry } from "./entry.ts";
import { Groups } from "./groups.ts";
import type { LinkEvents, StartLink } from "./link.ts";
import type { Outcome } from "./pool.ts";
import { PriorityQueue } from "./priority-queue.ts";
import { Runner } from "./runner.ts";
import type { Remains } from "./runner.ts";
import { LOST, verdictAtDeath, verdictAtEnd, verdictOf } from "./verdicts.ts";
import { OutcomeKind } from "./work.ts";
import type { Outcomes } from "./work.ts";

const WATCH_MS = 25;
/** So many attempts are sent at once, so that a host begins while the rest is packed. */
const SEND_AT = 512;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** How long close waits for hosts that are still loading: ending those is not safe. */
const CLOSE_MS = 5_000;

export type CrewOptions = {
  readonly startLink: StartLink;
  readonly slots: number;
  /** How many hosts work, and how many there may be with spares for those that are blocked. */
  readonly hosts: number;
  readonly hostsMost: number;
  /** How many stay when there is nothing to do: `hosts`, or 0 for hosts that are started when they are needed. */
  readonly hostsIdle: number;
  /** A host beyond those that stay is ended after so long without work. */
  readonly idleMs: number;
  /** A busy host without a heartbeat for so long is blocked. */
  readonly silentMs: number;
  readonly abortGraceMs: number;
  /** For suspects: a death tells of its group, and groups grow smaller with each. */
  readonly suspects: boolean;
  readonly clock: Clock;
  readonly turns: Turns;
  /** A sentence for the log: a host died or could not be loaded, a handler threw outside its attempt. */
  readonly report: (sentence: string) => void;
};

/** The first word of the first host: its handlers, or why it could not be loaded. */
export type FirstWord =
  | { readonly ok: true; readonly handlers: readonly HandlerInfo[] }
  | { readonly ok: false; readonly faults: readonly string[] };

export class Crew {
  /** Settles with the first host. */
  readonly firstWord: Promise<FirstWord>;
  /** Attempts that wait for a slot. */
  waiting = 0;

  readonly #options: CrewOptions;
  readonly #clock: Clock;
  readonly #queue = new PriorityQueue<Entry>();
  readonly #groups: Groups | null;
  readonly #heardFirst: (word: FirstWord) => void;
  #runners: Runner[] = [];
  #stage: "working" | "draining" | "closed" = "working";
  #placing = false;
  #watching = false;
  /** Hosts that could not be loaded, one after another, and until when none is started. */
  #failures = 0;
  #pausedUntilMs = 0;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#groups = options.suspects ? new Groups(options.slots) : null;
    const { promise, resolve } = Promise.withResolvers<FirstWord>();
    this.firstWord = promise;
    this.#heardFirst = resolve;
    this.#staff();
  }

  get hosts(): number {
    return this.#runners.filter((runner) => runner.state === "ready").length;
  }

  /** Attempts that were given to a host. */
  get inHand(): number {
    return this.#runners.reduce((sum, runner) => sum + runner.inHand, 0);
  }

  add(entry: Entry): void {
    this.#queue.push(entry, entry.attempt.priority);
    this.waiting += 1;
    this.#placeSoon();
  }

  /** True where it had not begun, and now never will. */
  takeBack(entry: Entry): boolean {
    if (entry.place !== null) return entry.place.takeBack(entry);
    this.waiting -= 1;
    entry.forgotten = true;
    if (this.#queue.size > 1024 + 2 * this.waiting) this.#queue.prune((other) => !other.forgotten);
    return true;
  }

  /** Begins nothing new from now on. */
  drain(): void {
    if (this.#stage === "working") this.#stage = "draining";
  }

  /** Ends all hosts; resolves when none is left that was still loading. */
  async close(): Promise<void> {
    this.#stage = "closed";
    for (const runner of [...this.#runners]) if (runner.state === "ready") this.#dismiss(runner);
    if (this.#runners.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#allGone = resolve;
    const cancel = this.#clock.after(CLOSE_MS, resolve);
    await promise;
    cancel();
  }
  #allGone: (() => void) | null = null;

  #placeSoon(): void {
    if (this.#placing) return;
    this.#placing = true;
    this.#options.turns.run(() => this.#place());
  }

  /** Gives what waits to the least busy hosts. */
  #place(): void {
    this.#placing = false;
    if (this.#stage !== "working") return;
    const nowMs = this.#clock.nowMs();
    while (this.waiting > 0) {
      const runner = this.#leastBusy();
      if (runner === null) break;
      const entry = this.#queue.shift() as Entry;
      if (entry.forgotten) continue;
      this.waiting -= 1;
      runner.put(entry, nowMs);
      if (runner.waitingToBeSent >= SEND_AT) runner.send();
    }
    for (const runner of this.#runners) runner.send();
    this.#staff();
    this.#watch();
  }

  #leastBusy(): Runner | null {
    const most = this.#groups?.size ?? this.#options.slots;
    let best: Runner | null = null;
    for (const runner of this.#runners) {
      if (runner.state !== "ready" || runner.silent || runner.room === 0 || runner.inHand >= most) continue;
      if (best === null || runner.inHand < best.inHand) best = runner;
    }
    return best;
  }

  #putBack(entries: readonly Entry[]): void {
    const byPriority = Map.groupBy(entries, (entry) => entry.attempt.priority);
    for (const [priority, same] of byPriority)
      this.#queue.putBack(
        same.toSorted((a, b) => a.order - b.order),
        priority,
      );
    this.waiting += entries.length;
    if (entries.length > 0) this.#placeSoon();
  }

  /** Starts hosts until enough of them are at work. */
  #staff(): void {
    const { hosts, hostsIdle, hostsMost, slots, startLink } = this.#options;
    if (this.#stage !== "working" || this.#clock.nowMs() < this.#pausedUntilMs) return;
    const wanted = this.waiting > 0 || this.inHand > 0 ? hosts : hostsIdle;
    let atWork = this.#runners.filter((runner) => !runner.silent).length;
    try {
      while (atWork < wanted && this.#runners.length < hostsMost) {
        const runner: Runner = new Runner(
          startLink(
            slots,
            this.#eventsOf(() => runner),
          ),
        );
        this.#runners.push(runner);
        atWork += 1;
      }
    } catch (error) {
      // The machine gave no thread, process or file: what waits goes on waiting, as for any host that cannot be loaded.
      this.#failed([String(error)]);
    }
  }

  #eventsOf(runnerOf: () => Runner): LinkEvents {
    return {
      ready: (handlers) => this.#ready(runnerOf(), handlers),
      faults: (faults) => {
        this.#dismiss(runnerOf());
        this.#failed(faults);
      },
      outcomes: (outcomes) => this.#outcomes(runnerOf(), outcomes),
      gone: (reason) => this.#gone(runnerOf(), reason),
      late: (message) => this.#options.report(`A handler threw outside its attempt: ${message}`),
    };
  }

  #ready(runner: Runner, handlers: readonly HandlerInfo[]): void {
    runner.state = "ready";
    runner.idleSinceMs = this.#clock.nowMs();
    this.#failures = 0;
    this.#heardFirst({ ok: true, handlers });
    if (this.#stage === "closed") this.#dismiss(runner);
    else {
      this.#placeSoon();
      this.#watch();
    }
  }

  /** It could not be loaded. Another try follows after a pause that doubles, so that a fault that stays does not spin. */
  #failed(faults: readonly string[]): void {
    this.#heardFirst({ ok: false, faults });
    if (this.#stage !== "working") return;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#pausedUntilMs = this.#clock.nowMs() + pauseMs;
    this.#options.report(`A host could not be loaded, the next try is in ${pauseMs} ms: ${faults.join(" ")}`);
    this.#clock.after(pauseMs, () => this.#staff());
  }

  #outcomes(runner: Runner, outcomes: Outcomes): void {
    if (runner.state === "gone") return;
    const nowMs = this.#clock.nowMs();
    for (let i = 0; i < outcomes.cells.length; i += 1) {
      const entry = runner.release(outcomes, i, nowMs);
      if (entry === null) continue;
      this.#groups?.survived();
      entry.table.ended(entry, verdictOf(entry, outcomeOf(outcomes.kinds[i] as number, outcomes.texts[i] as string)));
    }
    if (this.waiting > 0) this.#placeSoon();
  }

  #gone(runner: Runner, reason: string): void {
    if (runner.state === "gone") return;
    const loaded = runner.state === "ready";
    this.#remove(runner);
    if (!loaded) return this.#failed([`It ended while it was loading (${reason}).`]);
    const remains = runner.clear();
    const begun = remains.filter(({ stood }) => stood === "begun").length;
    if (begun > 0) this.#groups?.died(begun);
    this.#options.report(`A host died (${reason}) with ${begun} attempts begun.`);
    const alone = this.#groups !== null && begun === 1;
    this.#scatter(remains, (each) => verdictAtDeath(each, alone, reason));
  }

  /** Ends a host of which one attempt does not stop. */
  #end(runner: Runner): void {
    const back = runner.takeBackQueued();
    this.#dismiss(runner);
    this.#putBack(back);
    this.#scatter(runner.clear(), verdictAtEnd);
  }

  /** What had not begun goes to others; the rest is told. */
  #scatter(remains: readonly Remains[], verdict: (remains: Remains) => Outcome): void {
    this.#putBack(remains.filter(({ stood }) => stood === "queued").map(({ entry }) => entry));
    for (const each of remains) if (each.stood !== "queued") each.entry.table.ended(each.entry, verdict(each));
    this.#staff();
    this.#watch();
  }

  #dismiss(runner: Runner): void {
    this.#remove(runner);
    runner.link.end();
  }

  #remove(runner: Runner): void {
    runner.state = "gone";
    this.#runners = this.#runners.filter((other) => other !== runner);
    if (this.#runners.length === 0) this.#allGone?.();
  }

  #watch(): void {
    const busy =
      this.waiting > 0 || this.#runners.length > this.#options.hostsIdle || this.#runners.some((each) => each.inHand + each.vacated > 0);
    if (this.#watching || !busy || this.#stage === "closed") return;
    this.#watching = true;
    this.#clock.after(WATCH_MS, () => {
      this.#watching = false;
      if (this.#stage !== "closed") this.#lookAtAll();
    });
  }

  #lookAtAll(): void {
    const nowMs = this.#clock.nowMs();
    for (const runner of this.#runners.filter(({ state }) => state === "ready")) {
      const { ranLong, timedOut, condemned } = runner.look(nowMs);
      for (const entry of ranLong) entry.table.began(entry);
      if (timedOut.length > 0) {
        const stop = { cause: "timeout", endByMs: nowMs + this.#options.abortGraceMs } as const;
        runner.stop(timedOut, stop, "The attempt's timeout is over.");
      }
      if (condemned) this.#end(runner);
      else if (runner.listen(nowMs, this.#options.silentMs)) this.#putBack(runner.takeBackQueued());
      else if (this.#idle(runner, nowMs)) this.#dismiss(runner);
    }
    if (this.waiting > 0) this.#placeSoon();
    this.#staff();
    this.#watch();
  }

  /** A spare that has nothing to do and is not needed any more. */
  #idle(runner: Runner, nowMs: number): boolean {
    const enough = this.#runners.length > this.#options.hostsIdle;
    return enough && runner.inHand + runner.vacated === 0 && nowMs - runner.idleSinceMs >= this.#options.idleMs;
  }
}

function outcomeOf(kind: number, text: string): Outcome {
  if (kind === OutcomeKind.completed) return { type: "completed", output: text };
  if (kind === OutcomeKind.failed) return { type: "failed", failure: JSON.parse(text) as Failure };
  return LOST;
}

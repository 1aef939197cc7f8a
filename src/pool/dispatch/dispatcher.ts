/**
 * The dispatcher of hosts of one kind: it decides which host gets which attempt, and what becomes of it when the host is blocked or ends.
 */
import type { Turns } from "../../env/turns.ts";
import { AskedEnds } from "./asked-ends.ts";
import { balance } from "./balance.ts";
import type { Entry, Line } from "./entry.ts";
import { SuspectGroups } from "./suspect-groups.ts";
import { leastBusy, takeLastOf } from "./picking.ts";
import type { LoadedHandlers, Outcome } from "../pool.ts";
import { PriorityQueue } from "../priority-queue.ts";
import { reportDeath } from "./report.ts";
import type { Remains, HostHandle } from "./host-handle.ts";
import { Hosts } from "./hosts.ts";
import type { HostsOptions } from "./hosts.ts";
import { outcomeOf, verdictAtDeath, verdictAtEnd, verdictOf } from "./verdicts.ts";
import { OutcomeKind, type Outcomes } from "../wire/work.ts";

const WATCH_MS = 25;
/** The attempts that are sent at once, so that a host begins while the rest is packed. */
const SEND_AT = 512;
/** The attempts that a search passes over because they must stay. */
const STAYING_MAX = 1_000;
const NEVER = Number.POSITIVE_INFINITY;

export type DispatcherOptions = HostsOptions & {
  /** The silence after which a busy host counts as blocked. */
  readonly silentMs: number;
  readonly abortGraceMs: number;
  /** Whether these hosts run suspects: a death then names what had begun there, and fewer are put together after each. */
  readonly suspects: boolean;
  /** Called when a host was given an attempt of a handler that it does not have. */
  readonly unknownHandler: (name: string) => void;
  readonly turns: Turns;
};

/** An observer of how much waits. */
export type DispatcherObserver = {
  /** Called every 25 ms or so while there is something to do. */
  looked(nowMs: number): void;
  /** Called when outcomes have come and nothing waits in the line. */
  lineEmpty(): void;
};

export class Dispatcher implements Line {
  observer: DispatcherObserver | null = null;
  readonly #options: DispatcherOptions;
  readonly #hosts: Hosts;
  readonly #queue = new PriorityQueue<Entry>();
  readonly #groups: SuspectGroups | null;
  #stage: "working" | "draining" | "closed" = "working";
  /** The attempts that wait for a slot. The queue also holds what was taken back. */
  #waiting = 0;
  #placing = false;
  #nextWatchMs = NEVER;
  readonly #askedEnds = new AskedEnds();
  #cancelWatch: (() => void) | null = null;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#groups = options.suspects ? new SuspectGroups(options.slots) : null;
    this.#hosts = new Hosts(options, {
      ready: () => this.#placeSoon(),
      outcomes: (host, outcomes) => this.#outcomes(host, outcomes),
      died: (host, reason) => this.#died(host, reason),
    });
    this.#hosts.fill(false);
    this.#watch();
  }

  /** Settles with the first host. */
  get firstReport(): Promise<LoadedHandlers> {
    return this.#hosts.firstReport;
  }

  /** Replaces all hosts by others, or none. What has begun ends where it is, what has not goes to the others. */
  async renew(settings: unknown): Promise<LoadedHandlers> {
    const word = await this.#hosts.renew(settings, (host) => this.putBack(host.takeBackQueued()));
    if (this.#stage === "closed") return word;
    this.#placeSoon();
    return word;
  }

  /** The number of loaded hosts. */
  get hosts(): number {
    return this.#hosts.all.filter((host) => host.state === "ready").length;
  }

  /** The attempts that its hosts can have in hand, without spares. */
  get slots(): number {
    return this.#options.slots * this.#options.hosts;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** The attempts that were given to a host. */
  get inHand(): number {
    return this.#hosts.all.reduce((sum, host) => sum + host.inHand, 0);
  }

  /** The attempts that have not begun, in the line or at a host. */
  get notBegun(): number {
    return this.#hosts.all.reduce((sum, host) => sum + host.queued, this.#waiting);
  }

  /** The number of attempts that have ever begun; it wraps at 32 bits. */
  get begun(): number {
    return this.#hosts.begun;
  }

  /** The hosts that can be given more, and how much all of them can take. */
  get open(): { readonly hosts: number; readonly room: number } {
    if (this.#stage !== "working") return { hosts: 0, room: 0 };
    const able = this.#hosts.all.filter((host) => host.state === "ready" && !host.silent && host.room > 0);
    return { hosts: able.length, room: able.reduce((sum, host) => sum + host.room, 0) };
  }

  add(entry: Entry): void {
    this.#queue.push(entry, entry.attempt.priority);
    this.#waiting += 1;
    this.#placeSoon();
  }

  takeBack(entry: Entry): boolean {
    if (entry.place !== null) return entry.place.takeBack(entry);
    this.#waiting -= 1;
    entry.forgotten = true;
    if (this.#queue.size > 1024 + 2 * this.#waiting) this.#queue.prune((other) => !other.forgotten);
    return true;
  }

  /** Takes out up to `max` attempts that would begin last and that `mayGo` allows. */
  takeLast(max: number, mayGo: (entry: Entry) => boolean): readonly Entry[] {
    const taken: Entry[] = [];
    const staying: Entry[] = [];
    while (taken.length < max && staying.length < STAYING_MAX) {
      const entry = this.#queue.pop();
      if (entry === undefined) break;
      if (!entry.forgotten) (mayGo(entry) ? taken : staying).push(entry);
    }
    for (const entry of staying.reverse()) this.#queue.push(entry, entry.attempt.priority);
    this.#waiting -= taken.length;
    if (taken.length < max) taken.push(...takeLastOf(this.#hosts.all, max - taken.length, mayGo));
    return taken;
  }

  stop(entries: readonly Entry[], message: string): void {
    const stop = { cause: "asked", endByMs: this.#options.clock.nowMs() + this.#options.abortGraceMs } as const;
    for (const [place, placed] of Map.groupBy(entries, (entry) => entry.place)) place?.stop(placed, stop, message);
    this.#watch();
  }

  /** Stops new attempts from beginning. */
  drain(): void {
    if (this.#stage === "working") this.#stage = "draining";
    this.#hosts.freeze();
  }

  /** Ends all hosts. Nothing is reported of what they had in hand. */
  async close(): Promise<void> {
    this.#stage = "closed";
    this.#cancelWatch?.();
    await this.#hosts.close();
  }

  #placeSoon(): void {
    if (this.#placing) return;
    this.#placing = true;
    this.#options.turns.run(() => this.#place());
  }

  /** Gives what waits to the least busy hosts. */
  #place(): void {
    this.#placing = false;
    if (this.#stage !== "working") return;
    const nowMs = this.#options.clock.nowMs();
    while (this.#waiting > 0) {
      const host = leastBusy(this.#hosts.all, this.#groups?.size ?? this.#options.slots);
      if (host === null) break;
      const entry = this.#queue.shift() as Entry;
      if (entry.forgotten) continue;
      this.#waiting -= 1;
      host.put(entry, nowMs);
      if (host.unsent >= SEND_AT) host.send();
    }
    for (const host of this.#hosts.all) host.send();
    this.#hosts.fill(this.#busy());
    this.#watch();
  }

  /** Puts attempts that have not begun back into the line, before what came after them. */
  putBack(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    const inOrder = entries.toSorted((a, b) => a.order - b.order);
    for (const [priority, same] of Map.groupBy(inOrder, (entry) => entry.attempt.priority)) this.#queue.putBack(same, priority);
    this.#waiting += entries.length;
    this.#placeSoon();
  }

  #outcomes(host: HostHandle, outcomes: Outcomes): void {
    const nowMs = this.#options.clock.nowMs();
    for (let i = 0; i < outcomes.slots.length; i += 1) {
      const entry = host.release(outcomes.slots[i] as number, nowMs);
      if (entry === null) continue;
      this.#groups?.survived();
      if (outcomes.kinds[i] === OutcomeKind.unknown) this.#options.unknownHandler(entry.attempt.handler);
      entry.table.ended(entry, verdictOf(entry, outcomeOf(outcomes.kinds[i] as number, outcomes.texts[i] as string)));
    }
    if (host.state === "leaving") this.#hosts.lookAt(host, nowMs);
    if (this.#waiting > 0) return this.#placeSoon();
    this.#balance(host, nowMs);
    this.observer?.lineEmpty();
  }

  /** Gives this host attempts that wait at another one, if it has begun all its own and nothing waits in the line. */
  #balance(host: HostHandle, nowMs: number): void {
    const mayTake = this.#stage === "working" && this.#waiting === 0 && this.#groups === null;
    if (mayTake && host.state === "ready" && host.queued === 0 && !host.silent) balance(this.#hosts.all, host, nowMs);
  }

  #died(host: HostHandle, reason: string): void {
    const remains = host.clear();
    const running = remains.filter(({ stood }) => stood === "begun");
    const begun = running.length;
    if (begun > 0) this.#groups?.died(begun);
    reportDeath(this.#options.report, this.#groups === null ? "thread" : "child process", reason, running);
    const alone = this.#groups !== null && begun === 1;
    this.#scatter(remains, (each) => verdictAtDeath(each, alone, reason));
  }

  /** Ends a host of which one attempt does not stop. */
  #end(host: HostHandle): void {
    // First, so that nothing can begin there while it ends.
    const back = host.takeBackQueued();
    this.#hosts.dismiss(host);
    this.putBack(back);
    this.#scatter(host.clear(), verdictAtEnd);
  }

  /** Gives what had not begun to others, and reports the rest. */
  #scatter(remains: readonly Remains[], verdict: (remains: Remains) => Outcome): void {
    this.putBack(remains.filter(({ stood }) => stood === "queued").map(({ entry }) => entry));
    for (const each of remains) if (each.stood !== "queued") each.entry.table.ended(each.entry, verdict(each));
    this.#hosts.fill(this.#busy());
    this.#watch();
  }

  #busy(): boolean {
    return this.#waiting > 0 || this.#hosts.all.some((each) => each.inHand + each.vacated > 0);
  }

  /** Looks at everything again when it is time, as long as there is something to look at. */
  #watch(): void {
    if (this.#stage === "closed" || !(this.#busy() || this.#hosts.moving)) return;
    const dueMs = this.#nextLookMs();
    if (dueMs >= this.#nextWatchMs) return;
    this.#cancelWatch?.();
    this.#nextWatchMs = dueMs;
    this.#cancelWatch = this.#options.clock.after(dueMs - this.#options.clock.nowMs(), () => {
      this.#nextWatchMs = NEVER;
      if (this.#stage !== "closed") this.#lookAtAll();
    });
  }

  /** The time of the next look. Hosts that may be blocked are watched all the time; others need a look only when something is due. */
  #nextLookMs(): number {
    const soonMs = this.#options.clock.nowMs() + WATCH_MS;
    if (this.#options.silentMs !== NEVER || (this.observer !== null && this.#waiting > 0)) return soonMs;
    return Math.max(soonMs, Math.min(...this.#hosts.all.map((host) => host.nextLookMs)));
  }

  #lookAtAll(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const host of this.#hosts.all) this.#balance(host, nowMs);
    for (const host of this.#hosts.all) {
      if (host.state !== "loading" && host.inHand + host.vacated > 0) this.#lookAt(host, nowMs);
      else this.#hosts.lookAt(host, nowMs);
    }
    if (this.#waiting > 0) this.#placeSoon();
    this.observer?.looked(nowMs);
    this.#hosts.fill(this.#busy());
    this.#watch();
  }

  #lookAt(host: HostHandle, nowMs: number): void {
    const { ranLong, timedOut, mustEnd } = host.look(nowMs);
    for (const entry of ranLong) entry.table.began(entry);
    const stop = { cause: "timeout", endByMs: nowMs + this.#options.abortGraceMs } as const;
    host.stop(timedOut, stop, "The attempt's timeout is over.");
    if (mustEnd === "timeout" || (mustEnd === "asked" && this.#askedEnds.next(nowMs))) this.#end(host);
    else if (host.listen(nowMs, this.#options.silentMs)) this.putBack(host.takeBackQueued());
  }
}

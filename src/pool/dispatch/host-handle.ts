/** One host as the pool sees it: its slots, what is in each, and when each needs a look. */
import { SlotState } from "../wire/slots.ts";
import type { Entry, Place, Stop } from "./entry.ts";
import type { Link } from "../wire/link.ts";
import type { AbortReason, Work } from "../wire/work.ts";

/** The time after which an attempt's start is reported. */
const RAN_LONG_MS = 50;
/** The shortest time that shows a pace. */
const PACE_MS = 2;
const NEVER = Number.POSITIVE_INFINITY;

/** The result of a look at a host. */
export type Look = {
  /** Entries that have run for RAN_LONG_MS. */
  readonly ranLong: readonly Entry[];
  /** Entries that have reached their timeouts. */
  readonly timedOut: readonly Entry[];
  /**
   * The reason why the host must be ended: an attempt was told to stop and did not within its grace. If there are both causes, it is the
   * timeout.
   */
  readonly mustEnd: Stop["cause"] | null;
};

/** The state of an entry when its host ended. */
export type Remains = { readonly entry: Entry; readonly stood: "queued" | "begun" | "ended" };

export class HostHandle implements Place {
  readonly link: Link;
  /** The state. `leaving`: others have taken its place, and it ends when it has nothing in hand. */
  state: "loading" | "ready" | "leaving" | "gone" = "loading";
  /** Whether its thread is blocked: it gets nothing new. */
  silent = false;
  /** The number of entries in its slots. */
  inHand = 0;
  /** Slots of entries that were taken back, until the host says that it has seen it. */
  vacated = 0;
  /** The time at which it last had nothing in hand, or began to load. */
  idleSinceMs = 0;

  readonly #entries: (Entry | null)[];
  readonly #nextLookMs: Float64Array;
  readonly #free: Int32Array;
  #freeCount: number;
  /** The end of the slots that were ever used. */
  #highWater = 0;
  #outbox: Work[] = [];
  /** The number of entries that it was ever given, without those that were taken back. */
  #given = 0;
  #beat = 0;
  #beatAtMs = 0;
  /** The time from which its pace is taken, and how many had begun by then. */
  #paceFromMs = 0;
  #paceFromBegun = 0;

  constructor(link: Link) {
    const { count } = link.slots;
    this.link = link;
    this.#entries = new Array<Entry | null>(count).fill(null);
    this.#nextLookMs = new Float64Array(count).fill(NEVER);
    this.#free = Int32Array.from({ length: count }, (_, i) => count - 1 - i);
    this.#freeCount = count;
  }

  /** The number of entries that it could still hold. */
  get room(): number {
    return this.#freeCount;
  }

  /** The number of attempts that have ever begun; it wraps at 32 bits. */
  get begun(): number {
    return Atomics.load(this.link.slots.begun, 0);
  }

  /** The number of entries that have not begun. */
  get queued(): number {
    return Math.max(0, (this.#given - this.begun) | 0);
  }

  /** The time that entries which have not begun wait, by its recent pace; 0 if that is not known yet. */
  waitMs(nowMs: number): number {
    const tookMs = nowMs - this.#paceFromMs;
    const begun = (this.begun - this.#paceFromBegun) | 0;
    return tookMs < PACE_MS ? 0 : (this.queued * tookMs) / Math.max(1, begun);
  }

  /** The entries that `send` would bring to the host. */
  get unsent(): number {
    return this.#outbox.length;
  }

  /** The time at which an entry needs the next look; Infinity for never. */
  get nextLookMs(): number {
    let nextMs = NEVER;
    for (let slot = 0; slot < this.#highWater; slot += 1) nextMs = Math.min(nextMs, this.#nextLookMs[slot] as number);
    return nextMs;
  }

  /** Gives it an entry; `send` brings it to the host. */
  put(entry: Entry, nowMs: number): void {
    if (this.inHand === 0) {
      this.#beatAtMs = nowMs;
      this.#takePaceFrom(nowMs);
    }
    const slot = this.#free[(this.#freeCount -= 1)] as number;
    if (slot >= this.#highWater) this.#highWater = slot + 1;
    this.inHand += 1;
    this.#given += 1;
    this.#entries[slot] = entry;
    this.#nextLookMs[slot] = 0;
    Atomics.store(this.link.slots.states, slot, SlotState.QUEUED);
    entry.place = this;
    entry.slot = slot;
    this.#outbox.push({ slot, attempt: entry.attempt, execution: entry.table.execution });
  }

  send(): void {
    if (this.#outbox.length === 0) return;
    const works = this.#outbox;
    this.#outbox = [];
    this.link.send(works);
  }

  takeBack(entry: Entry): boolean {
    const { slot } = entry;
    const found = Atomics.compareExchange(this.link.slots.states, slot, SlotState.QUEUED, SlotState.TAKEN);
    if (found !== SlotState.QUEUED) return false;
    this.#empty(slot);
    this.#given -= 1;
    this.vacated += 1;
    entry.place = null;
    return true;
  }

  stop(entries: readonly Entry[], stop: Stop, message: string): void {
    const told = entries.filter((entry) => entry.stop === null && this.#stateOf(entry.slot) === SlotState.BEGUN);
    if (told.length === 0) return;
    for (const entry of told) {
      entry.stop = stop;
      this.#nextLookMs[entry.slot] = 0;
    }
    const reason: AbortReason = { name: stop.cause === "timeout" ? "TimeoutError" : "AbortError", message };
    this.link.abort(
      told.map((entry) => entry.slot),
      reason,
    );
  }

  /** Frees the slot of an outcome and returns its entry, whose begin is noted; null if it had been taken back. */
  release(slot: number, nowMs: number): Entry | null {
    const entry = this.#entries[slot] ?? null;
    if (entry === null) this.vacated -= 1;
    else {
      entry.beganAtMs = this.link.slots.beganAtMs[slot] as number;
      entry.place = null;
      this.#empty(slot);
    }
    Atomics.store(this.link.slots.states, slot, SlotState.FREE);
    this.#free[this.#freeCount] = slot;
    this.#freeCount += 1;
    if (this.inHand === 0) this.idleSinceMs = nowMs;
    // It has given back everything that it had, so nothing blocks it. A host with nothing in hand is not watched.
    if (this.inHand + this.vacated === 0) this.silent = false;
    return entry;
  }

  /** Notes the heartbeat. Returns true from the moment when a busy host has given none for `silentMs`. */
  listen(nowMs: number, silentMs: number): boolean {
    const beat = Atomics.load(this.link.slots.beat, 0);
    if (beat !== this.#beat || this.inHand + this.vacated === 0) {
      this.#beat = beat;
      this.#beatAtMs = nowMs;
    }
    this.silent = nowMs - this.#beatAtMs >= silentMs;
    return this.silent;
  }

  /** Looks at every entry that is due. */
  look(nowMs: number): Look {
    this.#takePaceFrom(nowMs);
    const ranLong: Entry[] = [];
    const timedOut: Entry[] = [];
    let mustEnd: Look["mustEnd"] = null;
    for (let slot = 0; slot < this.#highWater; slot += 1) {
      if ((this.#nextLookMs[slot] as number) > nowMs) continue;
      const entry = this.#entries[slot] as Entry;
      const state = this.#stateOf(slot);
      if (state === SlotState.QUEUED) continue;
      if (state !== SlotState.BEGUN) {
        this.#nextLookMs[slot] = NEVER;
        continue;
      }
      const beganAtMs = this.link.slots.beganAtMs[slot] as number;
      entry.beganAtMs = beganAtMs;
      if (!entry.ranLong && nowMs >= beganAtMs + RAN_LONG_MS) ranLong.push(entry);
      const endMs = entry.stop === null ? beganAtMs + entry.attempt.timeoutMs : entry.stop.endByMs;
      if (nowMs >= endMs) {
        if (entry.stop === null) timedOut.push(entry);
        else if (mustEnd !== "timeout") mustEnd = entry.stop.cause;
      }
      const longMs = entry.ranLong || nowMs >= beganAtMs + RAN_LONG_MS ? NEVER : beganAtMs + RAN_LONG_MS;
      this.#nextLookMs[slot] = Math.min(longMs, endMs);
    }
    return { ranLong, timedOut, mustEnd };
  }

  /** The entries that have not begun; one of them may begin meanwhile. */
  queuedEntries(): readonly Entry[] {
    return this.#held().filter((entry) => this.#stateOf(entry.slot) === SlotState.QUEUED);
  }

  /** Takes back every other entry that has not begun, up to `most`, in the order of their starts. */
  takeBackHalf(most: number): readonly Entry[] {
    const back: Entry[] = [];
    let stays = false;
    for (let slot = 0; slot < this.#highWater && back.length < most; slot += 1) {
      const entry = this.#entries[slot] ?? null;
      if (entry === null || this.#stateOf(slot) !== SlotState.QUEUED) continue;
      stays = !stays;
      if (!stays && this.takeBack(entry)) back.push(entry);
    }
    return back.sort((a, b) => a.order - b.order);
  }

  /** Takes back every entry that has not begun. */
  takeBackQueued(): Entry[] {
    const back: Entry[] = [];
    for (const entry of this.#held()) if (this.takeBack(entry)) back.push(entry);
    return back;
  }

  /**
   * Empties it, because its host has ended. What had begun keeps its place until its outcome is reported, so that it does not count as
   * waiting.
   */
  clear(): readonly Remains[] {
    const remains = this.#held().map((entry): Remains => {
      const state = this.#stateOf(entry.slot);
      if (state === SlotState.QUEUED) return { entry, stood: "queued" };
      entry.beganAtMs = this.link.slots.beganAtMs[entry.slot] as number;
      return { entry, stood: state === SlotState.ENDED ? "ended" : "begun" };
    });
    for (const { entry, stood } of remains) {
      this.#empty(entry.slot);
      if (stood === "queued") entry.place = null;
    }
    return remains;
  }

  #takePaceFrom(nowMs: number): void {
    this.#paceFromMs = nowMs;
    this.#paceFromBegun = this.begun;
  }

  #held(): readonly Entry[] {
    return this.#entries.slice(0, this.#highWater).filter((entry) => entry !== null);
  }

  #empty(slot: number): void {
    this.#entries[slot] = null;
    this.#nextLookMs[slot] = NEVER;
    this.inHand -= 1;
  }

  #stateOf(slot: number): number {
    return Atomics.load(this.link.slots.states, slot);
  }
}

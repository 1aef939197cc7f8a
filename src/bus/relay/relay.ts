/**
 * A lane's relay. It publishes what the lane's commits left in the outbox, the oldest first, with one send in flight, and deletes it by id
 * when the stream has it: at least once, and in order per execution. A paused owner's relay and its successor's may run at the same time:
 * the stream then holds doubles, never gaps. The outbox is read only if others may have written to it, else memory has the entries.
 */
import { type Pauses, pauseBefore } from "../../env/backoff.ts";
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { OutboxEntry, OutboxPointer, SharedStore } from "../../store/shared-store.ts";
import type { EventSink, StreamRecord } from "../event-stream.ts";
import { type Pointed, recordsOf } from "./records.ts";
import { Rewinds } from "./rewinds.ts";
import { type ByteBudget, WrittenEntries } from "./written-entries.ts";

export type OutboxRelay = {
  /** This instance has written `entry` after the lane's entry `after`. Its texts are sent from memory. */
  wrote(entry: OutboxEntry, after: string, texts: readonly string[]): void;
  /** There may be entries that this relay does not know of: a renewal said so, or another instance made them. */
  wake(): void;
  /**
   * The store was restarted, maybe with older data. What is in hand is not sent and not deleted any more (its id may belong to another
   * entry now). If the stream is ahead of the store, it is told that history went back. Await this before anything goes on under `epoch`,
   * which is higher than every one before. Rejects with StoreUnavailable: then call it again.
   */
  storeRestarted(epoch: number): Promise<void>;
  /**
   * The store was restarted, and it is not known yet whether this instance still owns the lane. If it does, `storeRestarted` follows. If
   * not, the stopped relay tells by itself what the store has forgotten.
   */
  doubt(): void;
  /** Resolves with true when the outbox was found empty, with false when the relay is stopped first. */
  idle(): Promise<boolean>;
  /** Stops after what is in flight. The relay then sends only that history went back. */
  stop(): void;
  /** For a stopped relay: resolves when the stream has been told what the store has forgotten, as far as possible. */
  told(): Promise<void>;
};

export type OutboxRelayOptions = {
  readonly store: Pick<SharedStore, "outbox" | "relayed" | "chunksAfter" | "summary">;
  readonly lane: number;
  readonly sink: EventSink;
  /** The memory for texts of unsent commits, shared by the lanes of an instance. */
  readonly budget: ByteBudget;
  readonly clock: Clock;
  readonly log: Log;
};

/** The number of entries that are read at a time. */
const PAGE = 256;
/**
 * The pause before the next read, in which entries gather: a read costs the same for one commit and for twenty. The first read after a
 * rest comes at once.
 */
const GATHER_MS = 100;
/** The raster of reads: lanes read at the same moments, so that one call serves many of them, but not all. */
const TOGETHER_MS = 25;
/** The characters of a send: about one request to the stream. */
const SEND_LENGTH = 900_000;
/** The number of executions that the store is asked for at a time. */
const READS = 64;
const RETRIES: Pauses = { firstMs: 100, longestMs: 1_000 };

export function createOutboxRelay(options: OutboxRelayOptions): OutboxRelay {
  return new LaneRelay(options);
}

class LaneRelay implements OutboxRelay {
  readonly #options: OutboxRelayOptions;
  readonly #written: WrittenEntries;
  readonly #rewinds: Rewinds;
  /** The store was restarted, and what it has forgotten is not known yet. */
  #doubts = false;
  #restarts = 0;
  #wanted = false;
  /** There may be entries that this instance has not written. */
  #mustRead = true;
  #running: Promise<void> | null = null;
  #stopped = false;
  #relayedAtMs = Number.NEGATIVE_INFINITY;
  #endWait: (() => void) | null = null;
  #lastWords: Promise<void> = Promise.resolve();
  #whenIdle: ((empty: boolean) => void)[] = [];

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
    this.#written = new WrittenEntries(options.budget);
    this.#rewinds = new Rewinds(options);
  }

  wrote(entry: OutboxEntry, after: string, texts: readonly string[]): void {
    if (this.#stopped) return;
    this.#written.add(entry, after, texts);
    this.#want();
  }

  wake(): void {
    this.#mustRead = true;
    this.#want();
  }

  #want(): void {
    this.#wanted = true;
    if (this.#running === null && !this.#stopped) this.#running = this.#run();
  }

  async storeRestarted(epoch: number): Promise<void> {
    this.#restarts += 1;
    this.#written.lose();
    this.#doubts = false;
    try {
      await this.#rewinds.compare(epoch);
    } catch (error) {
      this.#doubts = true;
      throw error;
    }
    if (this.#stopped) this.#lastWord();
    else this.wake();
  }

  doubt(): void {
    this.#doubts = true;
    if (this.#stopped) this.#lastWord();
  }

  idle(): Promise<boolean> {
    if (this.#stopped) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.wake();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#endWait?.();
    for (const resolve of this.#whenIdle.splice(0)) resolve(false);
    this.#written.forget();
    this.#lastWord();
  }

  async told(): Promise<void> {
    if (!this.#doubts && !this.#rewinds.owes) return;
    await this.#running;
    await this.#lastWords;
  }

  /** Ends the relay once nothing else is in flight. */
  #lastWord(): void {
    if (this.#running !== null) return;
    this.#lastWords = this.#rewinds.tellAlone(this.#doubts);
    this.#doubts = false;
  }

  async #run(): Promise<void> {
    while (this.#wanted && !this.#stopped) {
      const nextAtMs = Math.ceil((this.#relayedAtMs + GATHER_MS) / TOGETHER_MS) * TOGETHER_MS;
      await this.#wait(nextAtMs - this.#options.clock.monotonicMs());
      this.#wanted = false;
      this.#relayedAtMs = this.#options.clock.monotonicMs();
      const reads = this.#mustRead || !this.#written.isKnown;
      const isAll = reads ? await this.#relayPage(this.#restarts) : await this.#relayRun(this.#restarts);
      if (!isAll) this.#wanted = true;
      else if (reads && !this.#wanted) for (const resolve of this.#whenIdle.splice(0)) resolve(true);
    }
    this.#running = null;
    // Nothing is in hand any more, so texts that were given up do not count either.
    this.#written.release();
    if (this.#stopped) this.#lastWord();
  }

  /** Sends what this instance has written without entries of others in between. Returns the same as `#relayPage`. */
  async #relayRun(restarts: number): Promise<boolean> {
    const entries = this.#written.take(PAGE);
    if (!(await this.#relay(entries, restarts))) return false;
    return this.#isAll(entries);
  }

  /**
   * Sends a page of the outbox. Returns true if that was everything; false if there is more, the store was restarted or the relay is
   * stopped.
   */
  async #relayPage(restarts: number): Promise<boolean> {
    const { store, lane } = this.#options;
    this.#mustRead = false;
    this.#written.beginRead();
    const entries = await this.#untilAnswered("The outbox cannot be read", () => store.outbox(lane, PAGE));
    const isSent = entries !== null && (await this.#publishRewinds()) && (await this.#relay(entries, restarts));
    const isAll = isSent && this.#isAll(entries);
    this.#written.endRead(entries, isAll);
    return isAll;
  }

  #isAll(entries: readonly OutboxEntry[]): boolean {
    if (entries.length < PAGE) return true;
    // There is more, so it need not gather.
    this.#relayedAtMs = Number.NEGATIVE_INFINITY;
    return false;
  }

  async #publishRewinds(): Promise<boolean> {
    const { due } = this.#rewinds;
    if (due.length === 0) return true;
    if (!(await this.#publish(due))) return false;
    this.#rewinds.told(due.length);
    return true;
  }

  /** Sends entries, about one request at a time. */
  async #relay(entries: readonly OutboxEntry[], restarts: number): Promise<boolean> {
    let send = new Send();
    for (const entry of entries) {
      const texts = this.#written.textsOf(entry.id);
      for (let at = 0; at < entry.pointers.length; at++) {
        send.add({ pointer: entry.pointers[at] as OutboxPointer, text: texts?.[at] ?? null });
        if (!send.isFull) continue;
        if (!(await this.#send(send, restarts))) return false;
        send = new Send();
      }
      send.ids.push(entry.id);
    }
    const isSent = send.ids.length === 0 || (await this.#send(send, restarts));
    this.#written.release();
    return isSent;
  }

  async #send({ pointed, ids }: Send, restarts: number): Promise<boolean> {
    const { store, lane, log } = this.#options;
    const records = await this.#untilAnswered("What the outbox points to cannot be read", () => recordsOf(pointed, store, log));
    // What was read before the restart may not be true any more.
    if (records === null || restarts !== this.#restarts) return false;
    this.#rewinds.sending(records);
    if (records.length > 0 && !(await this.#publish(records))) {
      this.#rewinds.gaveUp(records);
      return false;
    }
    this.#written.release();
    if (ids.length === 0) return true;
    // Also after a stop: what the stream has must not be sent again by the next owner.
    const trim = async (): Promise<boolean> => {
      if (restarts !== this.#restarts) return false;
      await store.relayed(lane, ids);
      return true;
    };
    return (await this.#untilAnswered("The outbox cannot be trimmed", trim)) ?? false;
  }

  async #publish(records: readonly StreamRecord[]): Promise<boolean> {
    if (this.#stopped) return false;
    return (await this.#untilAnswered("The stream does not take events", () => this.#options.sink.publish(records).then(done))) !== null;
  }

  /** Repeats a call until it succeeds; null if the relay is stopped before. */
  async #untilAnswered<Answer>(trouble: string, act: () => Promise<Answer>): Promise<Answer | null> {
    for (let retry = 1; ; retry++) {
      const delayMs = pauseBefore(retry, RETRIES);
      try {
        return await act();
      } catch (error) {
        this.#options.log.debug(`${trouble}; tried again.`, { lane: this.#options.lane, afterMs: delayMs, error });
      }
      await this.#wait(delayMs);
      if (this.#stopped) return null;
    }
  }

  /** Waits for a time, or until the relay is stopped. */
  #wait(delayMs: number): Promise<void> | null {
    if (delayMs <= 0 || this.#stopped) return null;
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(delayMs, resolve);
      this.#endWait = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** One call to the stream. `ids`: the entries that end in it. They are deleted only when the stream has all of them. */
class Send {
  readonly pointed: Pointed[] = [];
  readonly ids: string[] = [];
  #length = 0;
  #reads = 0;

  add(pointed: Pointed): void {
    this.pointed.push(pointed);
    if (pointed.text === null) this.#reads += 1;
    else this.#length += pointed.text.length;
  }

  get isFull(): boolean {
    return this.#length >= SEND_LENGTH || this.#reads >= READS;
  }
}

function done(): true {
  return true;
}

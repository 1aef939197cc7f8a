/**
 * The relays of an instance's lanes: one for each lane that it owns, and those of lanes that moved away, for as long as a store may forget.
 */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { OutboxEntry } from "../../store/shared-store.ts";
import type { EventSink } from "../event-stream.ts";
import { createEndedRelays, type EndedRelays } from "./ended-relays.ts";
import { createOutboxRelay, type OutboxRelay, type OutboxRelayOptions } from "./relay.ts";
import { type ByteBudget, createByteBudget } from "./written-entries.ts";

export type LaneRelaysOptions = {
  readonly store: OutboxRelayOptions["store"];
  readonly sink: EventSink;
  readonly clock: Clock;
  readonly log: Log;
};

/** Bytes of committed events that are kept in memory until they are published. */
const UNSENT_BYTES = 64 * 1024 * 1024;

export class LaneRelays {
  readonly #options: LaneRelaysOptions;
  readonly #budget: ByteBudget = createByteBudget(UNSENT_BYTES);
  readonly #relays = new Map<number, OutboxRelay>();
  readonly #ended: EndedRelays;

  constructor(options: LaneRelaysOptions) {
    this.#options = options;
    this.#ended = createEndedRelays(options.clock);
  }

  /** The lane is this instance's. If it was taken anew, its relay goes on: it knows how far the stream is. */
  owned(lane: number): void {
    const relay = this.#relays.get(lane) ?? createOutboxRelay({ ...this.#options, lane, budget: this.#budget });
    this.#relays.set(lane, relay);
    relay.wake();
  }

  /** The lane is not this instance's any more. */
  end(lane: number): void {
    const relay = this.#relays.get(lane);
    if (relay === undefined) return;
    relay.stop();
    this.#relays.delete(lane);
    this.#ended.add(lane, relay);
  }

  /** Wakes a lane's relay: there may be entries that it does not know of. */
  wake(lane: number): void {
    this.#relays.get(lane)?.wake();
  }

  /** This instance has written `entry` after the lane's entry `after`. */
  wrote(lane: number, entry: OutboxEntry, after: string, texts: readonly string[]): void {
    this.#relays.get(lane)?.wrote(entry, after, texts);
  }

  /** The store was restarted: it is not known yet who owns these lanes, and what is still true of what was sent of them. */
  doubt(lanes: readonly number[]): void {
    for (const lane of lanes) this.#relays.get(lane)?.doubt();
    this.#ended.doubt(lanes);
  }

  /** The lane was taken again after a restart. Awaited before anything goes on under `epoch`. Rejects with StoreUnavailable. */
  async storeRestarted(lane: number, epoch: number): Promise<void> {
    await this.#relays.get(lane)?.storeRestarted(epoch);
  }

  /** Ends all relays. Resolves when the stream has been told what the store has forgotten. */
  told(): Promise<void> {
    // Their lanes were being taken again.
    for (const lane of [...this.#relays.keys()]) this.end(lane);
    return this.#ended.told();
  }

  /** Stops listening to the store. */
  close(): void {
    this.#ended.close();
  }
}

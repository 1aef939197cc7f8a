/** A lane of a shared memory store beside its executions: the lease, commands, the outbox, offers. */
import { judge, type LaneRecord, leaseOf, take } from "../fence.ts";
import { claimable } from "../offer-id.ts";
import type { Claim, LaneCommand, LaneView, Offer, OfferView, OutboxEntry, OutboxPointer, Pending, Renewal } from "../shared-store.ts";
import type { Sent, StoredCommand, Taken } from "../shared-store.ts";
import type { CommandReceipt, CommitAnswer, CommitId, Lease } from "../store.ts";

/** How long a receipt is kept after it was given. */
const RECEIPT_MS = 10 * 60_000;

type Outgoing = { readonly entry: OutboxEntry; readonly bytes: number };
type Standing = { readonly offer: Offer; readonly epoch: number; claim: { readonly bootId: string; readonly number: number } | null };

export class MemoryLane {
  readonly lane: number;
  lastAnswer: CommitAnswer | null = null;
  #record: LaneRecord | null = null;
  #released = true;
  #takers = 0;
  #untilMs = 0;
  /** The holder's TTL. */
  #ttlMs = 0;
  #created = 0;
  #position = 0;
  readonly #commands = new Map<string, StoredCommand>();
  readonly #receipts = new Map<string, { readonly receipt: string; readonly untilMs: number }>();
  #outgoing: Outgoing[] = [];
  #outgoingMade = 0;
  #lastOutgoing = "";
  readonly #offers = new Map<string, Standing>();
  /** The number of the last batch under the lane's present lease. */
  #offered = 0;
  /** The number of each boot's last claim. */
  readonly #claims = new Map<string, number>();

  constructor(lane: number) {
    this.lane = lane;
  }

  get epoch(): number {
    return this.#record?.epoch ?? 0;
  }

  /** Takes the lane. `leastEpoch`: the lowest epoch that it may get. */
  take(bootId: string, ttlMs: number, nowMs: number, leastEpoch = 0): Taken {
    this.#clamp(nowMs);
    const remainingMs = this.#untilMs - nowMs;
    if (!this.#released && this.#record?.bootId !== bootId && remainingMs > 0) return { type: "held", remainingMs };
    // By the clock, as in Redis: older data gives no epoch out twice.
    if (this.#record?.bootId !== bootId) this.#takers = Math.max(this.#takers + 1, Math.floor(nowMs));
    this.#record = take(this.#record, bootId, leastEpoch);
    this.#released = false;
    this.#lasts(ttlMs, nowMs);
    this.lastAnswer = null;
    this.#offered = 0;
    for (const [id, { claim }] of this.#offers) if (claim === null) this.#offers.delete(id);
    return { type: "taken", lease: leaseOf(this.lane, this.#record), takers: this.#takers };
  }

  /** Takes the lane in any case: for an instance that has the store alone. */
  seize(bootId: string, nowMs: number, ttlMs = 0): Lease {
    this.#released = true;
    const taken = this.take(bootId, ttlMs, nowMs, Math.floor(nowMs));
    if (taken.type === "held") throw new Error("A lane that was released is held.");
    return taken.lease;
  }

  renew(lease: Lease, ttlMs: number, nowMs: number): Renewal {
    if (!this.#isHeldUnder(lease)) return { type: "lost" };
    if (this.#untilMs <= nowMs) return { type: "lapsed" };
    this.#lasts(ttlMs, nowMs);
    return { type: "renewed", pending: this.#pending() };
  }

  release(lease: Lease, nowMs: number): void {
    if (!this.#isHeldUnder(lease)) return;
    this.#released = true;
    this.#untilMs = Math.min(this.#untilMs, nowMs);
  }

  view(nowMs: number): LaneView {
    this.#clamp(nowMs);
    const { lane } = this;
    const [bootId, epoch] = [this.#released ? null : (this.#record?.bootId ?? null), this.epoch];
    return { lane, bootId, epoch, remainingMs: this.#record === null ? 0 : this.#untilMs - nowMs, ttlMs: this.#ttlMs };
  }

  judge(id: CommitId): "next" | "again" | "fenced" {
    return this.#released ? "fenced" : judge(this.#record, id);
  }

  /** Notes that the commit is written, and its answer. */
  committed(id: CommitId, cleanEnd: boolean, answer: CommitAnswer): void {
    if (this.#record !== null) this.#record = { ...this.#record, number: id.number, clean: cleanEnd };
    this.lastAnswer = answer;
  }

  countCreated(count: number): void {
    this.#created += count;
  }

  send(command: LaneCommand, nowMs: number): Sent {
    const receipt = this.receiptOf(command.id, nowMs);
    if (receipt !== null) return { type: "answered", receipt };
    if (!this.#commands.has(command.id)) {
      this.#position += 1;
      this.#commands.set(command.id, { ...command, position: this.#position });
    }
    return { type: "queued" };
  }

  commandsAfter(position: number, limit: number): readonly StoredCommand[] {
    return [...this.#commands.values()].filter((command) => command.position > position).slice(0, limit);
  }

  answered(receipts: readonly CommandReceipt[], nowMs: number): void {
    for (const { commandId, receipt } of receipts) {
      this.#commands.delete(commandId);
      this.#receipts.set(commandId, { receipt, untilMs: nowMs + RECEIPT_MS });
    }
  }

  receiptOf(commandId: string, nowMs: number): string | null {
    for (const [id, { untilMs }] of this.#receipts) {
      if (untilMs > nowMs) break;
      this.#receipts.delete(id);
    }
    return this.#receipts.get(commandId)?.receipt ?? null;
  }

  /** Adds one entry for all pointers; none for none. `bytes`: of their events. `after`: the id of the entry before. */
  publish(pointers: readonly OutboxPointer[], bytes: number): { readonly entry: OutboxEntry; readonly after: string } | null {
    if (pointers.length === 0) return null;
    const after = this.#lastOutgoing;
    this.#outgoingMade += 1;
    this.#lastOutgoing = String(this.#outgoingMade);
    const entry = { id: this.#lastOutgoing, pointers };
    this.#outgoing.push({ entry, bytes });
    return { entry, after };
  }

  outbox(limit: number): readonly OutboxEntry[] {
    return this.#outgoing.slice(0, limit).map(({ entry }) => entry);
  }

  relayed(ids: readonly string[]): void {
    const gone = new Set(ids);
    this.#outgoing = this.#outgoing.filter(({ entry }) => !gone.has(entry.id));
  }

  /** Whether the stream has not received all of its events yet. */
  isOutgoing(executionId: string): boolean {
    return this.#outgoing.some(({ entry }) => entry.pointers.some(({ execution }) => execution === executionId));
  }

  offer(lease: Lease, offers: readonly Offer[], number: number): "offered" | "fenced" {
    if (!this.#isHeldUnder(lease)) return "fenced";
    if (number <= this.#offered) return "offered";
    this.#offered = number;
    for (const offer of offers) {
      if (!this.#offers.has(offer.id)) this.#offers.set(offer.id, { offer, epoch: lease.epoch, claim: null });
    }
    return "offered";
  }

  offers(ids?: readonly string[]): readonly OfferView[] {
    const standing = ids === undefined ? [...this.#offers.values()] : ids.flatMap((id) => this.#offers.get(id) ?? []);
    return standing.map(viewOf);
  }

  claim({ bootId, number, max, awayMax, can }: Claim): readonly Offer[] {
    const last = this.#claims.get(bootId) ?? 0;
    if (number < last) return [];
    const claimed: Offer[] = [];
    const mayClaim = !this.#released && this.#record?.bootId !== bootId;
    const runnable = new Set(can);
    for (const standing of this.#offers.values()) {
      if (number === last) {
        if (standing.claim?.bootId === bootId && standing.claim.number === number) claimed.push(standing.offer);
      } else if (mayClaim && standing.claim === null && standing.epoch === this.#record?.epoch) {
        const kind = claimable(standing.offer.id, standing.offer.body, runnable);
        if (kind === null || claimed.length >= (kind === "away" ? awayMax : max)) continue;
        standing.claim = { bootId, number };
        claimed.push(standing.offer);
      }
    }
    this.#claims.set(bootId, number);
    return claimed;
  }

  withdraw(lease: Lease, ids: readonly string[]): readonly OfferView[] | "fenced" {
    if (!this.#isHeldUnder(lease)) return "fenced";
    const claimed = this.offers(ids).filter(({ claimedBy }) => claimedBy !== null);
    for (const id of ids) if (this.#offers.get(id)?.claim === null) this.#offers.delete(id);
    return claimed;
  }

  discard(ids: readonly string[]): void {
    for (const id of ids) this.#offers.delete(id);
  }

  heldClaims(bootId: string, ids: readonly string[]): readonly string[] {
    return ids.filter((id) => this.#offers.get(id)?.claim?.bootId === bootId);
  }

  /**
   * A function that brings the lane back once to how it is now. The numbers of outbox entries and commands do not go back, because Redis
   * gives them by the clock.
   */
  past(): () => void {
    const record = this.#record;
    const numbers = [this.#untilMs, this.#ttlMs, this.#created, this.#offered, this.#takers] as const;
    const [released, answer, lastOutgoing] = [this.#released, this.lastAnswer, this.#lastOutgoing];
    const [commands, receipts, outgoing, claims] = [[...this.#commands], [...this.#receipts], [...this.#outgoing], [...this.#claims]];
    const offers = [...this.#offers].map(([id, standing]) => [id, { ...standing }] as const);
    return () => {
      this.#record = record;
      [this.#released, this.lastAnswer, this.#lastOutgoing] = [released, answer, lastOutgoing];
      [this.#untilMs, this.#ttlMs, this.#created, this.#offered, this.#takers] = numbers;
      this.#outgoing = outgoing;
      refill(this.#commands, commands);
      refill(this.#receipts, receipts);
      refill(this.#claims, claims);
      refill(this.#offers, offers);
    };
  }

  #isHeldUnder({ bootId, epoch }: Lease): boolean {
    return !this.#released && this.#record?.bootId === bootId && this.#record.epoch === epoch;
  }

  #lasts(ttlMs: number, nowMs: number): void {
    this.#untilMs = nowMs + ttlMs;
    this.#ttlMs = ttlMs;
  }

  /** Shortens a lease that seems to last longer than it may: a clock wrote it that has jumped since. */
  #clamp(nowMs: number): void {
    this.#untilMs = Math.min(this.#untilMs, nowMs + this.#ttlMs);
  }

  #pending(): Pending {
    return {
      commands: this.#commands.size,
      created: this.#created,
      offers: this.#offers.size,
      outboxEntries: this.#outgoing.length,
      outboxBytes: this.#outgoing.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }
}

/**
 * Replaces the content of a map.
 *
 * @internal
 */
export function refill<Key, Value>(map: Map<Key, Value>, entries: Iterable<readonly [Key, Value]>): void {
  map.clear();
  for (const [key, value] of entries) map.set(key, value);
}

function viewOf({ offer, claim }: Standing): OfferView {
  return { id: offer.id, execution: offer.execution, claimedBy: claim?.bootId ?? null };
}

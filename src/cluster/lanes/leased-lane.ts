/** One lane that this instance has a lease of, from the lease to its loss. */
import type { Clock } from "../../env/clock.ts";
import type { Committer } from "../../store/committer.ts";
import { type CreatedCount, createCreatedCount } from "../policy/created-count.ts";
import type { OwnedLane } from "../owned-lane.ts";

export class LeasedLane implements OwnedLane {
  readonly lane: number;
  readonly committer: Committer;
  /** By execution: the boot whose death is not recorded in its log yet. */
  readonly died: Map<string, string>;
  /** Null until it is known what the lane holds. Only then is it shown to those who work on it. */
  createdCount: CreatedCount | null = null;
  /** Whether everything that was there when it was taken goes on. */
  isTakenOver = false;
  /** Bytes of events that the bus has not received, as the last renewal said. */
  outboxBytes = 0;
  /** The lease has lapsed and is being taken again: resolves when that is over. */
  retaking: Promise<void> | null = null;
  /** Its executions are being handed over: resolves when none of them acts any more. */
  handingOver: Promise<boolean> | null = null;
  /** The lane is being given away: resolves when that is over. */
  leaving: Promise<"gone" | "kept"> | null = null;
  /** Whether its last commit is on its way: nothing else may be done with the committer. */
  isFinishing = false;
  #isEnded = false;
  #trustedUntilMs: number;
  #regained: PromiseWithResolvers<boolean> | null = null;
  readonly #clock: Clock;

  constructor(parts: {
    readonly committer: Committer;
    readonly trustedUntilMs: number;
    readonly clock: Clock;
    /** The deaths that this boot knew of under an earlier lease of the lane. */
    readonly died: ReadonlyMap<string, string>;
  }) {
    this.lane = parts.committer.lease.lane;
    this.committer = parts.committer;
    this.died = new Map(parts.died);
    this.#trustedUntilMs = parts.trustedUntilMs;
    this.#clock = parts.clock;
  }

  trusted(): boolean {
    return this.#clock.monotonicMs() < this.#trustedUntilMs && !this.committer.fenced;
  }

  regained(): Promise<boolean> {
    if (this.#isEnded || this.trusted()) return Promise.resolve(!this.#isEnded);
    this.#regained ??= Promise.withResolvers();
    return this.#regained.promise;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Whether its executions are taken care of here, now and for the time being. */
  get isOpen(): boolean {
    return this.createdCount !== null && !this.#isEnded && this.leaving === null;
  }

  /** Shows the lane. The store counted this many created executions before the lane's active executions were listed. */
  show(created: number): void {
    this.createdCount = createCreatedCount(created);
  }

  /** Notes an answered call that keeps the lease until then. */
  trust(untilMs: number): void {
    if (this.#isEnded) return;
    this.#trustedUntilMs = Math.max(this.#trustedUntilMs, untilMs);
    if (!this.trusted()) return;
    this.#regained?.resolve(true);
    this.#regained = null;
  }

  /** Notes that the lease has lapsed. */
  distrust(): void {
    this.#trustedUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** Ends it: the lane is not this instance's any more. */
  end(): void {
    this.#isEnded = true;
    this.distrust();
    this.#regained?.resolve(false);
    this.#regained = null;
  }
}

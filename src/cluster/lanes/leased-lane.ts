/** One lane that this instance has a lease of, from the lease to its loss. */
import type { Clock } from "../../env/clock.ts";
import type { Committer } from "../../store/committer.ts";
import { type CreatedCount, createCreatedCount } from "../policy/created-count.ts";
import type { OwnedLane } from "../owned-lane.ts";

export class LeasedLane implements OwnedLane {
  readonly lane: number;
  readonly committer: Committer;
  /** By execution: whose death was not recorded in its log yet. */
  readonly died: Map<string, string>;
  /** Null until it is known what the lane holds: only then is it shown to whoever does the work. */
  createdCount: CreatedCount | null = null;
  /** Everything that was there when it was taken goes on. */
  isTakenOver = false;
  /** Bytes of events that the bus has not got, as the last renewal told. */
  outboxBytes = 0;
  /** The lease lapsed, and is being taken again: resolves when that is over. */
  retaking: Promise<void> | null = null;
  /** Its executions are being handed over: resolves when nothing of them acts any more. */
  handingOver: Promise<boolean> | null = null;
  /** It is being given away: resolves when that is over. */
  leaving: Promise<"gone" | "kept"> | null = null;
  /** Its last commit is on its way: nothing else may be done with the committer. */
  isFinishing = false;
  #isEnded = false;
  #trustedUntilMs: number;
  #regained: PromiseWithResolvers<boolean> | null = null;
  readonly #clock: Clock;

  constructor(parts: {
    readonly committer: Committer;
    readonly trustedUntilMs: number;
    readonly clock: Clock;
    /** What this boot knew of deaths under an earlier lease of the lane. */
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

  /** Its executions are taken care of here, now and for the time being. */
  get isOpen(): boolean {
    return this.createdCount !== null && !this.#isEnded && this.leaving === null;
  }

  /** The store counted this many created executions before the lane's active executions were listed. */
  show(created: number): void {
    this.createdCount = createCreatedCount(created);
  }

  /** A call was answered that keeps the lease until then. */
  trust(untilMs: number): void {
    if (this.#isEnded) return;
    this.#trustedUntilMs = Math.max(this.#trustedUntilMs, untilMs);
    if (!this.trusted()) return;
    this.#regained?.resolve(true);
    this.#regained = null;
  }

  /** The lease has lapsed. */
  distrust(): void {
    this.#trustedUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** It is this instance's no more. */
  end(): void {
    this.#isEnded = true;
    this.distrust();
    this.#regained?.resolve(false);
    this.#regained = null;
  }
}

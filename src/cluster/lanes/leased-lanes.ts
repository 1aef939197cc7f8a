/**
 * The lanes that this instance has leases of: taken, renewed, taken again when their leases lapse, handed over, lost. The store decides.
 * Those who work on lanes hear of one only when it is known what is in it.
 */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import { createCommitter } from "../../store/committer.ts";
import { Barred, type LaneView, type Pending, type Renewal, type SharedStore } from "../../store/shared-store.ts";
import { type Lease, StoreUnavailable } from "../../store/store.ts";
import { LeasedLane } from "./leased-lane.ts";
import { LaneChanges } from "./lane-changes.ts";
import { createLaneTaker, type LaneTaken } from "./lane-taker.ts";
import { type LeaseTimes, trustedUntilMs } from "../policy/lease.ts";
import type { LaneListener, LaneWork } from "../owned-lane.ts";
import type { TakeOver } from "./take-over.ts";

export type LeasedLanesOptions = {
  readonly store: SharedStore;
  readonly bootId: string;
  readonly times: LeaseTimes;
  readonly clock: Clock;
  readonly log: Log;
  readonly listener: LaneListener;
  readonly takeOver: TakeOver;
  readonly work: LaneWork;
  /** Nothing is written to the store any more. */
  readonly onBarred: (error: Barred) => void;
};

export type LeasedLanes = {
  readonly all: ReadonlyMap<number, LeasedLane>;
  /** A count that rises with everything that begins or ends the holding of a lane. */
  readonly changes: number;
  /**
   * Whether the lane is this instance's (null: it is not). `moving`: it is being taken or given away, or was since `changes` had this
   * value, at which the caller's knowledge was asked for.
   */
  stateOf(lane: number, since: number): "held" | "moving" | null;
  /** Whether no lane is held, and none is on its way. */
  readonly isEmpty: boolean;
  /** Notes what a look at the lanes has found. */
  saw(views: readonly LaneView[]): void;
  /** Takes a lane that nobody else has. Resolves when its executions go on; never rejects. */
  take(lane: number): Promise<void>;
  /** Renews all leases, in one turn. Rejects with StoreUnavailable. */
  renew(): Promise<void>;
  /** Takes each of these lanes anew, because the store came back and may have forgotten something. */
  restart(lanes: readonly number[]): void;
  /**
   * Hands a lane over. Resolves when it is free, or lost. `move`: it stays here (taken anew) if not everything is accounted for, because a
   * planned move is no death. At an end it goes all the same; `unclean`: the next owner shall count this one as dead.
   */
  handOver(held: LeasedLane, why: "move" | "end" | "unclean end"): Promise<"gone" | "kept">;
  /** Notes that the lane is not this instance's any more, and logs it unless the instance ends. */
  lose(held: LeasedLane, isEnding?: boolean): void;
  /** Begins and writes nothing any more. */
  suspend(): void;
};

export function createLeasedLanes(options: LeasedLanesOptions): LeasedLanes {
  return new Lanes(options);
}

const NOBODY: ReadonlyMap<string, string> = new Map();

class Lanes implements LeasedLanes {
  readonly all = new Map<number, LeasedLane>();
  readonly #options: LeasedLanesOptions;
  readonly #taker;
  readonly #changes = new LaneChanges();
  /** The lanes of which the store may have forgotten something, also those that nobody owned at that moment. */
  readonly #restarted = new Set<number>();
  #suspended = false;

  constructor(options: LeasedLanesOptions) {
    const { store, bootId, clock } = options;
    this.#options = options;
    this.#taker = createLaneTaker({ store, bootId, ttlMs: options.times.ttlMs, clock });
  }

  get changes(): number {
    return this.#changes.count;
  }

  stateOf(lane: number, since: number): "held" | "moving" | null {
    const held = this.all.get(lane);
    if (held !== undefined) return held.leaving === null ? "held" : "moving";
    return this.#changes.isMoving(lane, since) ? "moving" : null;
  }

  get isEmpty(): boolean {
    return this.all.size === 0 && this.#changes.isQuiet;
  }

  saw(views: readonly LaneView[]): void {
    this.#taker.saw(views);
  }

  async take(lane: number): Promise<void> {
    if (this.#changes.isBusy(lane) || this.all.has(lane)) return;
    try {
      const taken = await this.#changes.during(lane, this.#taker.take(lane));
      if (taken !== null) await this.#open(taken);
    } catch (error) {
      // The next look at the lanes tells what became of it.
      this.#trouble("A lane could not be taken; the instance tries again later.", error, lane);
    }
  }

  async renew(): Promise<void> {
    const { store, clock, times } = this.#options;
    const held = [...this.all.values()].filter((each) => each.retaking === null);
    if (held.length === 0) return;
    const sentAtMs = clock.monotonicMs();
    const leases = held.map(({ committer }) => committer.lease);
    const heard = held.map(({ createdCount }) => createdCount?.heard ?? 0);
    const renewals = await store.renew(leases, times.ttlMs);
    const lost: LeasedLane[] = [];
    held.forEach((each, at) => {
      // It may have been taken again, or lost, while the call was under way.
      if (each.isEnded || each.committer.lease !== leases[at]) return;
      const renewal = renewals[at] as Renewal;
      if (renewal.type === "renewed") this.#renewed(each, renewal.pending, heard[at] ?? 0, sentAtMs);
      else if (renewal.type === "lapsed") this.#retake(each);
      else lost.push(each);
    });
    if (lost.length > 0) await this.#letGo(lost);
  }

  restart(lanes: readonly number[]): void {
    for (const lane of lanes) {
      this.#restarted.add(lane);
      const held = this.all.get(lane);
      if (held !== undefined) void this.#takeAnew(held);
    }
  }

  handOver(held: LeasedLane, why: "move" | "end" | "unclean end"): Promise<"gone" | "kept"> {
    held.leaving ??= this.#handOver(held, why);
    return held.leaving;
  }

  lose(held: LeasedLane, isEnding = false): void {
    const { listener, work, log } = this.#options;
    const { lane } = held;
    if (held.isEnded) return;
    this.#end(held);
    held.committer.abandon();
    if (!isEnding && held.createdCount !== null) log.warn("Another instance has taken a lane of this one.", { lane });
    // Also if it was not known yet what the lane holds: before it was taken anew, this instance may have had it.
    listener.onEnd?.(lane);
    work.drop(lane, "lost");
  }

  suspend(): void {
    this.#suspended = true;
    for (const held of this.all.values()) {
      held.distrust();
      void held.committer.pause();
    }
  }

  #renewed(held: LeasedLane, pending: Pending, heard: number, sentAtMs: number): void {
    const { times, listener, takeOver } = this.#options;
    // The store refused what it wrote, although nobody else has the lane. Only a new lease tells where it stands.
    if (held.committer.fenced) return this.#retake(held);
    held.trust(trustedUntilMs(sentAtMs, times));
    held.outboxBytes = pending.outboxBytes;
    if (held.createdCount === null) return;
    listener.onPending?.(held.lane, pending);
    if (!held.isOpen) return;
    if (pending.commands > 0) this.#options.work.look(held.lane);
    if (held.createdCount.told(pending.created, heard)) void takeOver.lookForUnknown(held);
  }

  /** Lets lost lanes go. Lanes that a call of this boot took, whose answer was lost, are still its own. */
  async #letGo(lost: readonly LeasedLane[]): Promise<void> {
    const views = await this.#options.store.leases(this.#options.times.ttlMs);
    this.saw(views);
    for (const held of lost) {
      if (views[held.lane]?.bootId === this.#options.bootId) this.#retake(held);
      else this.lose(held);
    }
  }

  #retake(held: LeasedLane): void {
    if (held.retaking !== null || held.isFinishing || held.isEnded || this.#suspended) return;
    held.distrust();
    held.retaking = this.#takeAgain(held).finally(() => {
      held.retaking = null;
    });
  }

  /** Takes a lane again. What is in memory is right if nobody else had the lane since. Its open commit is resolved first. */
  async #takeAgain(held: LeasedLane): Promise<void> {
    const { times, listener, log } = this.#options;
    const resolved = await held.committer.pause();
    const taken = await this.#untilAnswered(held.lane, () => !held.isEnded);
    if (taken === undefined || held.isEnded) return;
    if (taken === null) return this.lose(held);
    if (!taken.wasOthers && resolved && held.createdCount !== null) {
      log.debug("A lease that had lapsed was taken again.", { lane: held.lane, epoch: taken.lease.epoch });
      held.committer.resume(taken.lease);
      held.trust(trustedUntilMs(taken.sentAtMs, times));
      return listener.onRetaken?.(held);
    }
    if (taken.wasOthers) this.lose(held);
    else this.#dropAgain(held);
    // Not awaited: a hand-over that is under way waits for this.
    void this.#openAfter(held, taken, taken.wasOthers ? NOBODY : held.died);
  }

  async #takeAnew(held: LeasedLane): Promise<void> {
    const { listener, work } = this.#options;
    const { lane } = held;
    this.#dropAgain(held);
    const taking = this.#untilAnswered(lane, () => true);
    const taken = await this.#changes.during(lane, taking);
    if (taken === undefined) return;
    if (taken !== null) return this.#openAfter(held, taken, held.died);
    listener.onEnd?.(lane);
    work.drop(lane, "lost");
  }

  #dropAgain(held: LeasedLane): void {
    this.#end(held);
    held.committer.abandon();
    if (held.createdCount !== null) this.#options.work.drop(held.lane, "again");
  }

  async #openAfter(old: LeasedLane, taken: LaneTaken, died: ReadonlyMap<string, string>): Promise<void> {
    await this.#changes.during(old.lane, Promise.resolve(old.handingOver));
    return this.#open(taken, died);
  }

  /** Opens a lane. `died`: the deaths that are known already. */
  async #open({ lease, sentAtMs }: LaneTaken, died = NOBODY): Promise<void> {
    const { store, clock, times, listener, takeOver } = this.#options;
    if (this.#suspended) return;
    const committer = createCommitter({ store, lease, clock, onApplied: listener.onApplied });
    const held = new LeasedLane({ committer, trustedUntilMs: trustedUntilMs(sentAtMs, times), clock, died });
    this.all.set(lease.lane, held);
    this.#changes.changed(lease.lane);
    await takeOver.begin(held, this.#restarted);
  }

  async #handOver(held: LeasedLane, why: "move" | "end" | "unclean end"): Promise<"gone" | "kept"> {
    const { work } = this.#options;
    if (held.createdCount !== null) held.handingOver = work.handOver(held.lane);
    const accounted = (await held.handingOver) ?? (held.committer.lease.diedBootId === null && work.awaits?.(held.lane) !== true);
    await held.retaking;
    if (held.isEnded) return "gone";
    // A death that is not in every log yet is the next owner's to record.
    const isClean = accounted && held.died.size === 0;
    if (why === "move" && !isClean) {
      void this.#takeAnew(held);
      return "kept";
    }
    held.isFinishing = true;
    const finished = await held.committer.finish(isClean && why !== "unclean end");
    if (held.isEnded) return "gone";
    if (finished === "fenced") this.lose(held);
    else await this.#free(held);
    return "gone";
  }

  async #free(held: LeasedLane): Promise<void> {
    const { lease } = held.committer;
    this.#end(held);
    if (held.createdCount !== null) this.#options.listener.onEnd?.(held.lane);
    await this.#changes.during(held.lane, this.#release(lease));
  }

  async #release(lease: Lease): Promise<void> {
    try {
      await this.#options.store.release(lease);
    } catch (error) {
      this.#trouble("A lane could not be released: it is free when its lease has lapsed.", error, lease.lane);
    }
  }

  #end(held: LeasedLane): void {
    held.end();
    if (this.all.get(held.lane) === held) this.all.delete(held.lane);
    this.#changes.changed(held.lane);
  }

  /** Takes a lane until the store answers; null if another instance has it, undefined if it is not wanted any more. */
  #untilAnswered(lane: number, isWanted: () => boolean): Promise<LaneTaken | null | undefined> {
    const failed = (error: unknown) => this.#trouble("A lane could not be taken back; the instance tries again.", error, lane);
    return this.#taker.untilAnswered(lane, () => isWanted() && !this.#suspended, failed);
  }

  #trouble(sentence: string, error: unknown, lane: number): void {
    if (error instanceof Barred) this.#options.onBarred(error);
    // That the store is away is logged once, not for each lane.
    else this.#options.log[error instanceof StoreUnavailable ? "debug" : "warn"](sentence, { lane, error });
  }
}

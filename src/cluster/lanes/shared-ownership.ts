/**
 * The ownership of an instance among several. It shows itself to the others, renews its leases, looks at all lanes, takes those that should
 * be its own and gives away those that should not. Nobody leads: all compute the same answer.
 */
import type { Doorbell, Ring } from "../../bus/doorbell.ts";
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import { Barred, type SharedStore } from "../../store/shared-store.ts";
import type { Retention } from "../../store/store.ts";
import { type Adoption, createAdoption } from "./adoption.ts";
import { type Division, divide } from "../policy/division.ts";
import { createLaneGiver, type LaneGiver } from "./lane-giver.ts";
import type { LeasedLane } from "./leased-lane.ts";
import { createLeasedLanes, type LeasedLanes } from "./leased-lanes.ts";
import { faultOf } from "../policy/lease.ts";
import { createSharedLevels, type SharedLevels } from "./shared-levels.ts";
import { createMembers, type Members, type MembersOptions } from "./members.ts";
import type { Ownership } from "../ownership.ts";
import { obstacleOf, reasonOf, silenceOf } from "../policy/obstacle.ts";
import { COUNTS_AFTER_BEATS } from "../policy/placement.ts";
import { startRetention } from "./retention.ts";
import { type Periodic, startPeriodic } from "../../env/periodic.ts";
import { startSweeps } from "./sweeps.ts";
import { createTakeOver, type TakeOver, type TakeOverOptions } from "./take-over.ts";
import type { LaneListener, LaneWork, Liveness, OwnedLane } from "../owned-lane.ts";
import { whileUseful } from "../../env/deadline.ts";

export type SharedOwnershipOptions = LaneListener & {
  readonly store: SharedStore;
  readonly bootId: string;
  /** The instance's name, for people. */
  readonly name: string;
  readonly threads: number;
  readonly tells: MembersOptions["tells"];
  readonly clock: Clock;
  readonly log: Log;
  readonly doorbell: Doorbell;
  readonly retention: Pick<Retention, "finishedMs" | "untriggeredMs">;
  /** The duration of a lease: at least three times the period of its renewals. */
  readonly ttlMs: number;
  readonly renewMs: number;
  /** The store came back, perhaps with older data. Awaited before any of these executions goes on again. */
  readonly onRestarted?: TakeOverOptions["onRestarted"];
};

/** The pause after a failed call, so short that leases outlast a bad connection. */
const AGAIN_MS = 100;
/** The pause in which rings gather for one look. */
const REST_MS = 10;
/** The time for a hand-over at the end. What is left lapses; if the store is away, it has lapsed by then. */
const STOP_WITHIN_MS = 10_000;

/** Shows this instance to the others. Rejects with StoreUnavailable, also as BelowLevel, and with RangeError for times that cannot work. */
export async function takeSharedOwnership(options: SharedOwnershipOptions): Promise<Ownership> {
  const { ttlMs, renewMs } = options;
  const fault = faultOf({ ttlMs, renewMs });
  if (fault !== null) throw new RangeError(fault);
  const members = createMembers({ ...options, times: { ttlMs, renewMs } });
  await members.beat({ leaving: false, outboxBytes: 0 }, () => Promise.resolve());
  return new SharedOwnership(options, members);
}

/** What runs from `begin` on. */
type Running = {
  readonly lanes: LeasedLanes;
  readonly looks: Periodic;
  readonly renewals: Periodic;
  readonly takeOver: TakeOver;
  readonly adoption: Adoption;
  readonly work: LaneWork;
  /** Functions that end what ends with `stop`. */
  readonly ends: (() => void)[];
};

class SharedOwnership implements Ownership {
  readonly bootId: string;
  readonly liveness: Liveness;
  readonly deaths: Ownership["deaths"];
  readonly obstacleTo: SharedLevels["obstacleTo"];
  readonly #options: SharedOwnershipOptions;
  readonly #members: Members;
  readonly #levels: SharedLevels;
  #running: Running | null = null;
  #division: Division | null = null;
  /** The last look's takes: resolves when what it took goes on. */
  #taking: Promise<unknown> = Promise.resolve();
  #leaving = false;
  #lost: string | null = null;
  /** Why the store is full, as of the last look. */
  storeFull: string | null = null;
  #isTroubled = false;

  constructor(options: SharedOwnershipOptions, members: Members) {
    this.bootId = options.bootId;
    this.#options = options;
    this.#members = members;
    this.#levels = createSharedLevels({ ...options, members });
    this.obstacleTo = this.#levels.obstacleTo;
    this.liveness = members.liveness;
    const diedIn = (id: string) => this.#held(options.store.laneOf(id))?.died;
    this.deaths = { bootIdOf: (id) => diedIn(id)?.get(id) ?? null, recorded: (id) => void diedIn(id)?.delete(id) };
  }

  ownedLaneOf(lane: number): OwnedLane | null {
    return this.#held(lane);
  }

  *ownedLanes(): Iterable<OwnedLane> {
    for (const held of this.#running?.lanes.all.values() ?? []) if (held.createdCount !== null) yield held;
  }

  async begin(work: LaneWork): Promise<void> {
    const { store, clock, log, ttlMs, renewMs, doorbell, onOwned, onRestarted } = this.#options;
    const times = { ttlMs, renewMs };
    const adoption = createAdoption((id) => work.adopt(id));
    const takeOver = createTakeOver({
      ...{ store, times, clock, log, adoption, work },
      onOwned: (ownedLane) => onOwned?.(ownedLane),
      onRestarted: async (ownedLane, executions) => onRestarted?.(ownedLane, executions),
    });
    const parts = { times, listener: this.#options, takeOver, work, onBarred: (error: Barred) => this.#barred(error) };
    const lanes = createLeasedLanes({ ...this.#options, ...parts });
    const laneGiver = createLaneGiver({ lanes, clock, given: () => doorbell.ring({ type: "members" }) });
    const rounds = { clock, everyMs: renewMs, againMs: AGAIN_MS, restMs: REST_MS, failed: (error: unknown) => this.#failed(error) };
    const looks = startPeriodic({ ...rounds, round: () => this.#look(lanes, laneGiver) });
    const renewals = startPeriodic({ ...rounds, round: () => lanes.renew().then(() => null) });
    const running: Running = { lanes, looks, renewals, takeOver, adoption, work, ends: [] };
    this.#running = running;
    const isMine = () => this.ownedLaneOf(0)?.trusted() ?? false;
    running.ends.push(
      doorbell.listen((ring) => this.#heard(ring, running)),
      store.onRestart((restarted) => this.#restarted(restarted, lanes)),
      startRetention({ ...this.#options, isMine }),
      () => laneGiver.give([]),
      startSweeps(clock, () => this.#sweep(running)),
    );
    await looks.now();
    await this.#taking;
  }

  unsure(_lane: number): void {
    // Renewals tell of created executions, wherever the lane is owned.
  }

  heardOf(lane: number, count: number): void {
    this.#held(lane)?.createdCount?.hear(count);
  }

  get storeTrouble(): string | null {
    return this.#lost ?? silenceOf({ silentMs: this.#silentMs(), ttlMs: this.#options.ttlMs });
  }

  get obstacle(): string | null {
    if (this.#lost !== null) return this.#lost;
    const silentMs = this.#silentMs();
    const ownedLanes = [...this.ownedLanes()];
    const trusted = ownedLanes.filter((ownedLane) => ownedLane.trusted()).length;
    const share = this.#members.beats < COUNTS_AFTER_BEATS ? null : (this.#division?.share ?? null);
    return obstacleOf({ silentMs, ttlMs: this.#options.ttlMs, lanes: ownedLanes.length, trusted, share });
  }

  #silentMs(): number | null {
    const { answeredAtMs } = this.#members;
    return answeredAtMs === null ? null : this.#options.clock.monotonicMs() - answeredAtMs;
  }

  get outboxBytes(): number {
    let bytes = this.#ownOutboxBytes();
    for (const member of this.#members.all) if (member.bootId !== this.bootId && member.remainingMs > 0) bytes += member.outboxBytes;
    return bytes;
  }

  async stop(clean: boolean): Promise<void> {
    const running = this.#running;
    this.#leaving = true;
    if (running === null) return;
    for (const end of running.ends.splice(0)) end();
    const { lanes } = running;
    if (this.#lost === null) {
      const handedOver = this.#handOverAll(running, clean);
      await whileUseful(this.#options.clock, STOP_WITHIN_MS, handedOver, () => this.storeTrouble === null);
    }
    for (const held of [...lanes.all.values()]) lanes.lose(held, true);
  }

  async leave(): Promise<void> {
    const { store, doorbell, log } = this.#options;
    // Whatever is under way would show this instance again.
    await Promise.all([this.#running?.looks.stop(), this.#running?.renewals.stop()]);
    try {
      if (this.#lost === null) await store.leave(this.bootId);
    } catch (error) {
      log.warn("The other instances could not be told that this one has ended: they notice it after its TTL.", { error });
    }
    doorbell.ring({ type: "members" });
  }

  async #look(lanes: LeasedLanes, laneGiver: LaneGiver): Promise<number | null> {
    const { store, doorbell, clock, ttlMs } = this.#options;
    const own = { leaving: this.#leaving, outboxBytes: this.#ownOutboxBytes() };
    const since = lanes.changes;
    // Not awaited: what the lanes are like must not wait for it.
    void this.#askWhetherFull();
    const views = await this.#members.beat(own, () => store.leases(ttlMs));
    lanes.saw(views);
    this.#levels.looked();
    if (this.#isTroubled) this.#options.log.info("The store answers again.");
    this.#isTroubled = false;
    if (this.#leaving) return null;
    // From now on it counts. The others need not find that out by themselves.
    if (this.#members.beats === COUNTS_AFTER_BEATS) doorbell.ring({ type: "members" });
    const division = divide({
      bootId: this.bootId,
      members: this.#members.all,
      mayJudge: (ttlMs) => this.#members.mayJudge(ttlMs),
      lanes: views,
      own: (lane) => lanes.stateOf(lane, since),
      freeSinceMs: this.#division?.freeSinceMs ?? new Map(),
      nowMs: clock.monotonicMs(),
      ttlMs,
    });
    this.#division = division;
    this.#taking = Promise.all(division.take.map((lane) => lanes.take(lane)));
    laneGiver.give(division.give);
    return division.lookAgainInMs;
  }

  async #askWhetherFull(): Promise<void> {
    const { store, log } = this.#options;
    // If the store is away, the look finds out.
    const full = await store.full().catch(() => this.storeFull);
    if (full !== null && this.storeFull === null)
      log.error("The store is full: new work is refused, and running executions wait.", { reason: full });
    if (full === null && this.storeFull !== null) log.info("The store has room again.");
    this.storeFull = full;
  }

  async #handOverAll({ lanes, looks }: Running, clean: boolean): Promise<void> {
    const { doorbell, clock } = this.#options;
    // Everybody shall know that it is leaving before its lanes are free.
    await looks.now();
    doorbell.ring({ type: "members" });
    while (!lanes.isEmpty) {
      const leaving = [...lanes.all.values()].map(async (held) => {
        await lanes.handOver(held, clean ? "end" : "unclean end");
        doorbell.ring({ type: "members" });
      });
      await Promise.all(leaving);
      // A lane was being taken, or taken anew, meanwhile.
      if (!lanes.isEmpty) await new Promise<void>((resolve) => clock.after(REST_MS, resolve));
    }
  }

  #heard(ring: Ring, { looks, adoption, work }: Running): void {
    if (ring.type === "members") void looks.now();
    if (ring.type !== "born" && ring.type !== "commands") return;
    const held = this.#held(ring.lane);
    if (held === null || !held.isOpen) return;
    if (ring.type === "commands") return work.look(ring.lane);
    held.createdCount?.hear(ring.executions.length);
    void adoption.adopt(ring.executions, () => held.isOpen);
  }

  #restarted(lanes: readonly number[], held: LeasedLanes): void {
    this.#options.log.warn("The store was restarted: the instance reads these lanes again.", { lanes: lanes.length });
    this.#members.distrust();
    held.restart(lanes);
  }

  async #sweep({ lanes, takeOver, work }: Running): Promise<void> {
    work.sweep();
    for (const held of [...lanes.all.values()]) if (held.isOpen && held.isTakenOver) await takeOver.lookForUnknown(held);
  }

  #failed(error: unknown): void {
    if (error instanceof Barred) return this.#barred(error);
    if (!this.#isTroubled) this.#options.log.warn("The store does not answer: leases cannot be renewed.", { error });
    this.#isTroubled = true;
  }

  #barred(error: Barred): void {
    if (this.#lost !== null) return;
    this.#lost = reasonOf(error);
    this.#options.log.error("Nothing is written to the store by this instance any more, whatever it holds now.", { error });
    this.#running?.lanes.suspend();
    void this.#running?.looks.stop();
    void this.#running?.renewals.stop();
  }

  #held(lane: number): LeasedLane | null {
    const held = this.#running?.lanes.all.get(lane);
    return held === undefined || held.createdCount === null ? null : held;
  }

  #ownOutboxBytes(): number {
    let bytes = 0;
    for (const held of this.#running?.lanes.all.values() ?? []) bytes += held.outboxBytes;
    return bytes;
  }
}

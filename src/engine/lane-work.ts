/** The work on lanes: taken up, looked after, handed over, dropped. The engine gives it to the ownership. */
import type { Supervisors } from "../actors/supervisors.ts";
import type { RemoteAttempts } from "../cluster/overflow/remote-attempts.ts";
import type { Inbox } from "../cluster/commands/inbox.ts";
import type { LaneWork, OwnedLane } from "../cluster/owned-lane.ts";
import type { Clock } from "../env/clock.ts";
import type { Store } from "../store/store.ts";
import { LaneCommands } from "./lane-commands.ts";

export type EngineLanes = LaneWork & {
  /** Whether its lane is this instance's, and stays so for now. */
  isOwned(lane: number): boolean;
  /** Resolves when every command that waits in the lane now is with its supervisor, or the lane is another's. */
  readCommands(lane: number): Promise<void>;
  /** The execution's supervisor has left because it was fenced: what it had in hand waits until it is known what becomes of its lane. */
  moved(executionId: string): void;
};

export type EngineLanesOptions = {
  readonly store: Store;
  readonly supervisors: Supervisors;
  readonly remoteAttempts: RemoteAttempts;
  /** The inbox; null if an instance has the store alone. */
  readonly inbox: Inbox | null;
  readonly clock: Clock;
  readonly ownedLaneOf: (lane: number) => OwnedLane | null;
  /** Asks what other instances had claimed of the lane. */
  readonly takeClaims: (lane: number) => void;
  /** Drops the lane's offers to other instances, which are not this one's any more. */
  readonly dropOffers: (lane: number) => void;
};

const NONE: ReadonlySet<string> = new Set();

export function createEngineLanes(options: EngineLanesOptions): EngineLanes {
  return new InstanceLanes(options);
}

class InstanceLanes implements EngineLanes {
  readonly #options: EngineLanesOptions;
  readonly #commands: LaneCommands;
  /** The lanes that are being handed over, each as it is owned meanwhile. */
  readonly #leaving = new Map<number, OwnedLane | null>();
  /** By lane: executions whose supervisors left before it was known what becomes of the lane, and of them. */
  readonly #moved = new Map<number, Set<string>>();

  constructor(options: EngineLanesOptions) {
    this.#options = options;
    const { inbox, clock, takeClaims } = options;
    this.#commands = new LaneCommands({ inbox, clock, isOwned: (lane) => this.isOwned(lane), firstLook: takeClaims });
  }

  isOwned(lane: number): boolean {
    const ownedLane = this.#options.ownedLaneOf(lane);
    return ownedLane !== null && !ownedLane.committer.fenced && this.#leaving.get(lane) !== ownedLane;
  }

  readCommands(lane: number): Promise<void> {
    return this.#commands.read(lane);
  }

  moved(executionId: string): void {
    const lane = this.#options.store.laneOf(executionId);
    const its = this.#moved.get(lane) ?? new Set();
    this.#moved.set(lane, its.add(executionId));
  }

  async adopt(executionId: string): Promise<void> {
    const { store, supervisors } = this.#options;
    const lane = store.laneOf(executionId);
    await this.#commands.readOnce(lane);
    if (!this.isOwned(lane)) return;
    supervisors.createdExecutions.triggeredElsewhere(executionId);
    await supervisors.system.ensure(executionId);
  }

  running(executionIds: readonly string[]): void {
    for (const id of executionIds) this.#options.supervisors.admission.enter(id);
  }

  takenOver(lane: number): void {
    const { supervisors, remoteAttempts } = this.#options;
    // They have ended: what they had in hand is recorded, or nobody wants it.
    for (const id of this.#takeMoved(lane)) if (!supervisors.system.has(id)) remoteAttempts.discard({ id, name: "" });
  }

  awaits(lane: number): boolean {
    return this.#moved.has(lane);
  }

  sweep(): void {
    this.#options.supervisors.system.sweep();
  }

  look(lane: number): void {
    this.#commands.look(lane);
  }

  async handOver(lane: number): Promise<boolean> {
    this.#leaving.set(lane, this.#options.ownedLaneOf(lane));
    const ids = this.#idsOf(lane);
    // Those that are taken up again, if only just now, account for what they have in hand.
    const isKnown = new Set(ids).isSupersetOf(this.#moved.get(lane) ?? NONE);
    const clean = await Promise.all(ids.map((id) => this.#handedOver(id)));
    for (const id of this.#clear(lane)) this.#options.remoteAttempts.keep({ id, name: "" });
    return isKnown && clean.every((each) => each);
  }

  drop(lane: number, why: "lost" | "again"): void {
    const ids = this.#clear(lane);
    if (why === "again") this.#moved.set(lane, new Set(ids));
    else for (const id of ids) this.#options.remoteAttempts.lose({ id, name: "" });
  }

  #idsOf(lane: number): readonly string[] {
    const { store, supervisors } = this.#options;
    return supervisors.system.ids().filter((id) => store.laneOf(id) === lane);
  }

  #handedOver(id: string): Promise<boolean> {
    return new Promise((resolve) => {
      const { system } = this.#options.supervisors;
      if (!system.tell(id, { type: "HandOver", done: resolve })) resolve(system.isLeftAlone(id));
    });
  }

  /** Stops everything in the lane. Returns the executions that were there. */
  #clear(lane: number): readonly string[] {
    const { supervisors, dropOffers } = this.#options;
    this.#commands.drop(lane);
    const ids = this.#idsOf(lane);
    supervisors.system.drop(ids);
    dropOffers(lane);
    for (const id of ids) supervisors.admission.leave(id);
    return [...new Set([...this.#takeMoved(lane), ...ids])];
  }

  #takeMoved(lane: number): ReadonlySet<string> {
    const moved = this.#moved.get(lane) ?? NONE;
    this.#moved.delete(lane);
    return moved;
  }
}

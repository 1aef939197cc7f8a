/** What is done with lanes: taken up, looked after, handed over, dropped. Given to the ownership by the engine. */
import type { Supervisors } from "../actors/supervisors.ts";
import type { RemoteAttempts } from "../cluster/overflow/remote-attempts.ts";
import type { Inbox } from "../cluster/commands/inbox.ts";
import type { LaneWork, OwnedLane } from "../cluster/owned-lane.ts";
import type { Clock } from "../env/clock.ts";
import { Backoff } from "../env/backoff.ts";
import type { Store } from "../store/store.ts";

export type EngineLanes = LaneWork & {
  /** Its lane is this instance's, and stays so for now. */
  isOwned(lane: number): boolean;
  /** Resolves when every command that waits in the lane now is with its supervisor, or the lane is another's. */
  readCommands(lane: number): Promise<void>;
  /** The execution's supervisor has left, since it was fenced: what it had in hand waits for the word on its lane. */
  moved(executionId: string): void;
};

export type EngineLanesOptions = {
  readonly store: Store;
  readonly supervisors: Supervisors;
  readonly remoteAttempts: RemoteAttempts;
  /** Null where an instance has the store alone. */
  readonly inbox: Inbox | null;
  readonly clock: Clock;
  readonly ownedLaneOf: (lane: number) => OwnedLane | null;
  /** What other instances had claimed of the lane is to be known. */
  readonly takeClaims: (lane: number) => void;
  /** The lane's offers to other instances are none of this one's any more. */
  readonly dropOffers: (lane: number) => void;
};

const NONE: ReadonlySet<string> = new Set();

export function createEngineLanes({
  store,
  supervisors,
  remoteAttempts,
  inbox,
  clock,
  ownedLaneOf,
  takeClaims,
  dropOffers,
}: EngineLanesOptions): EngineLanes {
  const { system, admission } = supervisors;
  /** Each lane that is being handed over, as it is owned meanwhile. */
  const leaving = new Map<number, OwnedLane | null>();
  /** By lane: executions whose supervisors left before it was known what becomes of the lane, and of them. */
  const moved = new Map<number, Set<string>>();
  /** The first look at the commands that a lane's last owner left. */
  const firstLooks = new Map<number, Promise<void>>();

  function isOwned(lane: number): boolean {
    const ownedLane = ownedLaneOf(lane);
    return ownedLane !== null && !ownedLane.committer.fenced && leaving.get(lane) !== ownedLane;
  }

  /** Outcomes that wait for the owner count before it takes anything for lost. */
  function lookedOnce(lane: number): Promise<void> {
    const known = firstLooks.get(lane);
    if (known !== undefined) return known;
    takeClaims(lane);
    const look = readCommands(lane);
    firstLooks.set(lane, look);
    return look;
  }

  async function readCommands(lane: number): Promise<void> {
    if (inbox === null) return;
    const backoff = new Backoff(clock);
    while (!(await inbox.look(lane)) && isOwned(lane)) await backoff.wait();
  }

  /** Nothing of the lane acts any more. Answers the executions that were there. */
  function clear(lane: number): readonly string[] {
    inbox?.drop(lane);
    firstLooks.delete(lane);
    const ids = system.ids().filter((id) => store.laneOf(id) === lane);
    system.drop(ids);
    dropOffers(lane);
    for (const id of ids) admission.leave(id);
    const left = moved.get(lane) ?? [];
    moved.delete(lane);
    return [...new Set([...left, ...ids])];
  }

  return {
    isOwned,
    readCommands,
    moved(executionId) {
      const lane = store.laneOf(executionId);
      const its = moved.get(lane) ?? new Set();
      moved.set(lane, its.add(executionId));
    },
    async adopt(executionId) {
      const lane = store.laneOf(executionId);
      await lookedOnce(lane);
      if (!isOwned(lane)) return;
      supervisors.createdExecutions.triggeredElsewhere(executionId);
      await system.ensure(executionId);
    },
    running(executionIds) {
      for (const id of executionIds) admission.enter(id);
    },
    takenOver(lane) {
      const left = moved.get(lane) ?? [];
      moved.delete(lane);
      // They have ended: what they had in hand is recorded, or nobody wants it.
      for (const id of left) if (!system.has(id)) remoteAttempts.discard({ id, name: "" });
    },
    awaits: (lane) => moved.has(lane),
    sweep: () => system.sweep(),
    look(lane) {
      void (firstLooks.has(lane) ? inbox?.look(lane) : lookedOnce(lane));
    },
    async handOver(lane) {
      leaving.set(lane, ownedLaneOf(lane));
      const ids = system.ids().filter((id) => store.laneOf(id) === lane);
      // Those that are taken up again, if only just now, account for what they have in hand.
      const isKnown = new Set(ids).isSupersetOf(moved.get(lane) ?? NONE);
      const clean = await Promise.all(ids.map((id) => handedOver(id)));
      for (const id of clear(lane)) remoteAttempts.keep({ id, name: "" });
      return isKnown && clean.every((each) => each);
    },
    drop(lane, why) {
      const ids = clear(lane);
      if (why === "again") moved.set(lane, new Set(ids));
      else for (const id of ids) remoteAttempts.lose({ id, name: "" });
    },
  };

  function handedOver(id: string): Promise<boolean> {
    return new Promise((resolve) => {
      if (!system.tell(id, { type: "HandOver", done: resolve })) resolve(false);
    });
  }
}

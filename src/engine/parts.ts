/** The parts of the engine: its rooms opened, each with those that it works with. Nothing goes on before the ownership begins. */
import { startSupervisors, type Supervisors } from "../actors/supervisors.ts";
import { Workload } from "../actors/system/workload.ts";
import type { ClusterOptions } from "../cluster/cluster.ts";
import { createInbox, type Inbox } from "../cluster/commands/inbox.ts";
import { packReceipt } from "../cluster/commands/receipt.ts";
import { createRemoteCommands } from "../cluster/commands/remote-commands.ts";
import { createKnownHandlers, type KnownHandlers } from "../cluster/known-handlers.ts";
import { createEngineOverflow, type EngineOverflow } from "../cluster/overflow/overflow.ts";
import type { Clock } from "../env/clock.ts";
import type { Ids } from "../env/ids.ts";
import type { Log } from "../env/log/log.ts";
import type { Random } from "../env/random.ts";
import { sharingOneTimer } from "../env/timers.ts";
import type { Turns } from "../env/turns.ts";
import type { Pool } from "../pool/pool.ts";
import { createGathering, type Gathering } from "../store/gathering.ts";
import type { Retention, Store } from "../store/store.ts";
import { createViews, type Views } from "../views/views.ts";
import { createWaiters, type Waiters } from "../views/waiters.ts";
import type { DefinitionOptions } from "../workflow/definition/definition.ts";
import type { ClientCommand } from "../workflow/execution/client-commands.ts";
import { isTerminal } from "../workflow/execution/status.ts";
import { type CommandPath, openCommandPath } from "./commands.ts";
import { type Creation, openCreation } from "./creation.ts";
import { createDefinitionChecker, type DefinitionChecker } from "./definitions/checker.ts";
import { type EngineCluster, joinCluster } from "./join-cluster.ts";
import { createEngineLanes, type EngineLanes } from "./lane-work.ts";
import { createLoadShedding, type LoadShedding } from "./load-shedding.ts";

export type EngineOptions = {
  readonly store: Store;
  readonly storeKind: string;
  readonly pool: Pool;
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
  readonly ids: Ids;
  readonly log: Log;
  readonly definitions: Omit<DefinitionOptions, "form" | "catalog">;
  readonly retention: Pick<Retention, "finishedMs" | "untriggeredMs">;
  readonly maxRunningExecutions: number | null;
  readonly mailboxLimit: number;
  readonly waitersLimit: number;
  /** Whether a setting asks for more than this instance can do now (Redis not reachable). */
  readonly degraded: boolean;
  /** What it shares with other instances, or null. Its store is `store`. */
  readonly cluster: ClusterOptions | null;
  /** This build's, where nothing else is given. */
  readonly needs?: Needs;
};

/** The levels that things need before they can be stored. `definition`: of its text as it is stored. */
export type Needs = { readonly definition: (text: string) => number; readonly command: (command: ClientCommand) => number };

export type EngineParts = Ground & LaneParts & Entrances;

/** The ground of everything else: who shares the store, and what is known of handlers and definitions. */
type Ground = {
  readonly options: EngineOptions;
  readonly bootId: string;
  /** The clock for deadlines, most of which are cancelled before they are due. */
  readonly deadlines: Clock;
  readonly joined: EngineCluster;
  readonly waiters: Waiters;
  readonly gathering: Gathering | undefined;
  readonly handlers: KnownHandlers;
  readonly checker: DefinitionChecker;
  readonly views: Views;
  readonly workload: Workload;
};

/** The parts that work on this instance's lanes. `overflow`: null if an instance has the store alone. */
type LaneParts = { readonly supervisors: Supervisors; readonly overflow: EngineOverflow | null; readonly lanes: EngineLanes };

/** The entrances of new work. */
type Entrances = { readonly commands: CommandPath; readonly creation: Creation; readonly shedding: LoadShedding };

const NO_CLAIMS: readonly never[] = [];

/** Opens the parts. `isStopping`: nothing is taken up any more. Rejects with the faults of handlers, or StoreUnavailable. */
export async function openParts(options: EngineOptions, isStopping: () => boolean): Promise<EngineParts> {
  const ground = await openGround(options);
  const laneParts = openLaneParts(ground);
  return { ...ground, ...laneParts, ...openEntrances(ground, laneParts, isStopping) };
}

/** Resolves with true if it has ended, or is gone. Rejects with StoreUnavailable. */
export async function hasEnded(store: Store, id: string): Promise<boolean> {
  const summary = await store.summary(id);
  return summary === null || isTerminal(summary.status);
}

async function openGround(options: EngineOptions): Promise<Ground> {
  const { store, pool, clock, turns, ids, log, cluster } = options;
  const bootId = ids.next();
  await pool.ready();
  const deadlines = sharingOneTimer(clock);
  // An instance alone reports every end here; the doorbell between instances may lose one.
  const look = cluster === null ? {} : { look: (id: string) => hasEnded(store, id) };
  const waiters = createWaiters({ clock: deadlines, limit: options.waitersLimit, ...look });
  const gathering = store.gatherMs === undefined ? undefined : createGathering(clock, store.gatherMs);
  const joined = await joinCluster({ ...options, bootId, waiters, gathering });
  const { peers, onPeers } = joined.ownership.liveness;
  const handlers = createKnownHandlers({ here: pool.handlers, onHere: pool.onHandlers, peers, onPeers, clock, log });
  const checker = createDefinitionChecker({ definitions: options.definitions, catalog: handlers.all, clock });
  const views = createViews({ store, compile: checker.compile, clock, turns });
  return { options, bootId, deadlines, joined, waiters, gathering, handlers, checker, views, workload: new Workload() };
}

function openLaneParts(ground: Ground): LaneParts {
  const { options, bootId, joined, handlers, checker, views, workload } = ground;
  const { store, pool, clock, turns, log, cluster } = options;
  const { ownership, remoteAttempts } = joined;
  const { liveness } = ownership;
  const supervisors = startSupervisors({
    ...options,
    ...{ workload, handlers, bootId, remoteAttempts },
    ownedLaneOf: (id) => ownership.ownedLaneOf(store.laneOf(id)),
    shared: cluster !== null,
    isAlive: liveness.isAlive,
    isOutboxFull: joined.isOutboxFull,
    claimsOf: (id, nodeOf) => overflow?.claimsOf(id, nodeOf) ?? NO_CLAIMS,
    ownerDeaths: ownership.deaths,
    moved: (id) => lanes.moved(id),
    planOf: (hash, text) => views.planOf(hash, text),
    readTriggerParams: checker.readTriggerParams,
  });
  const isOwned = (lane: number): boolean => lanes.isOwned(lane);
  /** Outcomes that it still sent count. What it ran beyond them is lost. */
  const executorDied = async (died: string): Promise<void> => {
    await Promise.all([...ownership.ownedLanes()].map(({ lane }) => lanes.readCommands(lane)));
    pool.executorDied(died);
  };
  const overflow =
    cluster &&
    createEngineOverflow({
      ...{ cluster, pool, handlers, json: checker, ownership, remoteAttempts, isOwned, clock, turns, log },
      executorDied: (died) => void executorDied(died),
    });
  const lanes = createEngineLanes({
    ...{ store, supervisors, remoteAttempts, clock },
    inbox: cluster && openInbox(ground, { cluster, supervisors, isOwned }),
    ownedLaneOf: (lane) => ownership.ownedLaneOf(lane),
    takeClaims: (lane) => overflow?.taken(lane),
    dropOffers: (lane) => overflow?.drop(lane),
  });
  handlers.onChange(checker.renewed);
  liveness.onDeath((died) => void executorDied(died));
  return { supervisors, overflow, lanes };
}

type Readers = {
  readonly cluster: ClusterOptions;
  readonly supervisors: Supervisors;
  readonly isOwned: (lane: number) => boolean;
};

function openInbox({ options, joined, checker }: Ground, { cluster, supervisors, isOwned }: Readers): Inbox {
  const unknown = packReceipt({ type: "unknown" });
  return createInbox({
    ...{ store: cluster.store, json: checker, clock: options.clock, log: options.log, isOwned },
    tell(id, command) {
      if (supervisors.system.isLeftAlone(id)) return "never";
      return supervisors.system.tell(id, { type: "Command", ...command }) ? "told" : "later";
    },
    refuse: (lane, commandId) => void joined.ownership.ownedLaneOf(lane)?.committer.answer([{ commandId, receipt: unknown }]),
    answered: (lane, commands) => cluster.doorbell.ring({ type: "answered", lane, commands }),
  });
}

function openEntrances(ground: Ground, { supervisors, lanes }: LaneParts, isStopping: () => boolean): Entrances {
  const { options, joined, deadlines, checker, gathering, workload } = ground;
  const { store, clock, ids, cluster } = options;
  const { ownership, created } = joined;
  const remote = cluster && createRemoteCommands({ store: cluster.store, json: checker, doorbell: cluster.doorbell, clock, ids });
  const commands = openCommandPath({ store, supervisors, ownership, lanes, remote, clock: deadlines });
  const creation = openCreation({
    ...{ store, supervisors, ownership, lanes, ids, gathering, workload, created, isStopping },
    clock: deadlines,
  });
  const lines = () => [creation, ...Array.from(ownership.ownedLanes(), ({ committer }) => committer)];
  const shedding = createLoadShedding({ clock, lines, inHand: workload });
  workload.onDone(() => shedding.done());
  return { commands, creation, shedding };
}

/** The engine, put together from its rooms: what it is made of, how it begins, and how it ends. */
import { startSupervisors } from "../actors/supervisors.ts";
import { createInbox, type Inbox } from "../cluster/commands/inbox.ts";
import { packReceipt } from "../cluster/commands/receipt.ts";
import { createKnownHandlers } from "../cluster/known-handlers.ts";
import { Workload } from "../actors/system/workload.ts";
import { createWaiters } from "../views/waiters.ts";
import { unavailable, type Unavailable } from "./answers.ts";
import { openCreation } from "./creation.ts";
import { joinCluster } from "./join-cluster.ts";
import { createEngineLanes } from "./lane-work.ts";
import { createLoadShedding } from "./load-shedding.ts";
import { createEngineOverflow } from "../cluster/overflow/overflow.ts";
import { createRemoteCommands } from "../cluster/commands/remote-commands.ts";
import { createSharedViews } from "./shared-views.ts";
import { openCommandPath } from "./commands.ts";
import type { Clock } from "../env/clock.ts";
import type { Ids } from "../env/ids.ts";
import type { Log } from "../env/log/log.ts";
import { sharingOneTimer } from "../env/timers.ts";
import type { Random } from "../env/random.ts";
import type { Turns } from "../env/turns.ts";
import { createDefinitionChecker } from "./definitions/checker.ts";
import type { Pool } from "../pool/pool.ts";
import { createGathering } from "../store/gathering.ts";
import { largeKey, type Retention, type Store } from "../store/store.ts";
import { createViews } from "../views/views.ts";
import type { DefinitionOptions } from "../workflow/definition/definition.ts";
import { isTerminal } from "../workflow/execution/status.ts";
import type { ClusterOptions } from "../cluster/cluster.ts";
import type { Engine } from "./engine.ts";
import { whileUseful } from "../env/deadline.ts";

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
  /** A setting asks for more than this instance can do now (Redis not reachable). */
  readonly degraded: boolean;
  /** What it shares with other instances, or null. Its store is `store`. */
  readonly cluster: ClusterOptions | null;
};

const NO_CLAIMS: readonly never[] = [];
/** How long an end waits until the store has the last outcomes of what ran for other instances. */
const OUTCOMES_MS = 8_000;

/** Takes over what it can of the store and begins to work. Rejects with the faults of handlers, or StoreUnavailable. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { store, pool, clock, turns, ids, log, cluster } = options;
  const bootId = ids.next();
  await pool.ready();
  const hasEnded = async (id: string): Promise<boolean> => {
    const summary = await store.summary(id);
    return summary === null || isTerminal(summary.status);
  };
  // Of what is asked: most are cancelled before they are due.
  const limits = sharingOneTimer(clock);
  // Alone, every end is told here; the doorbell between instances may lose one.
  const waiters = createWaiters({ clock: limits, limit: options.waitersLimit, ...(cluster === null ? {} : { look: hasEnded }) });
  const gathering = store.gatherMs === undefined ? undefined : createGathering(clock, store.gatherMs);
  const { ownership, remoteAttempts, ...joined } = await joinCluster({ ...options, bootId, waiters, gathering });
  const { liveness } = ownership;
  const handlers = createKnownHandlers({
    here: pool.handlers,
    onHere: pool.onHandlers,
    peers: liveness.peers,
    onPeers: liveness.onPeers,
    clock,
    log,
  });
  const shownAs = createSharedViews();
  const checker = createDefinitionChecker({ definitions: options.definitions, catalog: handlers.all, clock });
  const views = createViews({ store, compile: checker.compile, clock, turns });
  const workload = new Workload();
  const supervisors = startSupervisors({
    ...options,
    workload,
    handlers,
    bootId,
    ownedLaneOf: (id) => ownership.ownedLaneOf(store.laneOf(id)),
    shared: cluster !== null,
    isAlive: liveness.isAlive,
    isOutboxFull: joined.isOutboxFull,
    claimsOf: (id) => overflow?.claimsOf(id) ?? NO_CLAIMS,
    remoteAttempts,
    ownerDeaths: ownership.deaths,
    moved: (id) => lanes.moved(id),
    planOf: (hash, text) => views.planOf(hash, text),
    readTriggerParams: checker.readTriggerParams,
  });
  const overflow =
    cluster &&
    createEngineOverflow({
      ...{ cluster, pool, handlers, json: checker, ownership, remoteAttempts, clock, turns, log },
      isOwned: (lane) => lanes.isOwned(lane),
      executorDied: (died) => void executorDied(died),
    });
  const inbox: Inbox | null =
    cluster &&
    createInbox({
      store: cluster.store,
      json: checker,
      clock,
      log,
      tell: (id, command) => supervisors.system.tell(id, { type: "Command", ...command }),
      isOwned: (lane) => lanes.isOwned(lane),
      refuse: (lane, commandId) =>
        void ownership.ownedLaneOf(lane)?.committer.answer([{ commandId, receipt: packReceipt({ type: "unknown" }) }]),
      answered: (lane, commands) => cluster.doorbell.ring({ type: "answered", lane, commands }),
    });
  const lanes = createEngineLanes({
    ...{ store, supervisors, remoteAttempts, inbox, clock },
    ownedLaneOf: (lane) => ownership.ownedLaneOf(lane),
    takeClaims: (lane) => overflow?.taken(lane),
    dropOffers: (lane) => overflow?.drop(lane),
  });
  const remote = cluster && createRemoteCommands({ store: cluster.store, json: checker, doorbell: cluster.doorbell, clock, ids });
  const commands = openCommandPath({ store, supervisors, ownership, lanes, remote, clock: limits });
  handlers.onChange(checker.renewed);
  let unready = false;
  let stopping = false;
  const creation = openCreation({
    ...{ store, supervisors, ownership, lanes, ids, gathering, workload },
    clock: limits,
    created: joined.created,
    isStopping: () => stopping,
  });
  liveness.onDeath((died) => void executorDied(died));

  /** Outcomes that it still sent count; what it ran beyond them is lost. */
  async function executorDied(died: string): Promise<void> {
    await Promise.all([...ownership.ownedLanes()].map(({ lane }) => lanes.readCommands(lane)));
    pool.executorDied(died);
  }

  const blockedReason = (): string | null => {
    for (const { committer } of ownership.ownedLanes()) if (committer.blockedReason !== null) return committer.blockedReason;
    return null;
  };

  const withoutThread = (): string | null =>
    pool.load().threads > 0 ? null : "No thread can run nodes: the handlers cannot be loaded, or the threads end. The log says why.";

  const lines = () => [creation, ...Array.from(ownership.ownedLanes(), ({ committer }) => committer)];
  const shedding = createLoadShedding({ clock, lines, inHand: workload });
  workload.onDone(() => shedding.done());
  const refusal = (reason: string | null): Unavailable | null => (reason === null ? null : unavailable(reason));
  const obstructed = () => refusal(stopping ? "The server is stopping." : joined.full());

  /** What runs ends, or is given back; every outcome is in the store before the last word. */
  async function end(graceMs: number): Promise<void> {
    if (cluster === null) {
      await pool.drain(graceMs);
      await supervisors.system.idle();
      // What a stalled execution had begun is recorded nowhere: only a death gives it the next number.
      return ownership.stop(!supervisors.system.hasStalled);
    }
    await overflow?.stopClaiming();
    await ownership.stop(true);
    overflow?.stop();
    remoteAttempts.giveBack();
    await pool.drain(graceMs);
    // A store that is away shall not hold up the end: what it does not get counts as cut off. And who else knows what it has forgotten?
    const told = Promise.all([remoteAttempts.idle(), joined.told()]);
    await whileUseful(clock, OUTCOMES_MS, told, () => ownership.storeTrouble === null);
    await ownership.leave();
  }

  await ownership.begin(lanes);
  supervisors.admission.open();
  return {
    check: checker.check,
    decode: checker.decode,
    readParams: checker.readParams,
    readSubmitted: checker.readSubmitted,
    yamlToJson: checker.yamlToJson,
    get isShedding() {
      return shedding.isOn;
    },
    admit: (work) => refusal(shedding.refusalOf(work)) ?? obstructed(),
    create: async (request) => obstructed() ?? creation.create(request),
    command: async (id, command) => obstructed() ?? commands.command(id, command),
    async view(id) {
      const found = await views.stateOf(id);
      return found === null ? null : shownAs(id, found.state, supervisors.system.isStalled(id), handlers.reasons());
    },
    summary: (id) => store.summary(id),
    isStalled: (id) => supervisors.system.isStalled(id),
    largeOutputs: (id, nodes) =>
      store.large(
        id,
        nodes.map((node) => largeKey.output(node.id, node.attempt)),
      ),
    list: (query) => store.list(query),
    async waitForEnd(id, withinMs) {
      const wait = waiters.wait(id, withinMs);
      if (supervisors.isUnderWay(id)) return wait?.ended ?? false;
      try {
        // It may have ended before anybody waited.
        return (await hasEnded(id)) || ((await wait?.ended) ?? false);
      } finally {
        wait?.cancel();
      }
    },
    health() {
      const trouble = (): string | null =>
        ownership.obstacle ?? ownership.storeFull ?? blockedReason() ?? creation.refusal ?? withoutThread();
      const obstacle = stopping || unready ? "This instance is stopping." : trouble();
      return {
        state: stopping ? "stopping" : "running",
        degraded: options.degraded,
        store: { kind: options.storeKind, available: ownership.storeTrouble === null && blockedReason() === null },
        executions: { active: supervisors.system.size, running: supervisors.admission.running, waiting: supervisors.admission.waiting },
        pool: pool.load(),
        obstacle,
        cluster: cluster && {
          bootId,
          lanes: [...ownership.ownedLanes()].length,
          trusted: [...ownership.ownedLanes()].filter((ownedLane) => ownedLane.trusted()).map(({ lane }) => lane),
          events: cluster.events?.health() ?? null,
          outboxBytes: ownership.outboxBytes,
        },
      };
    },
    markUnready() {
      unready = true;
    },
    async stop(graceMs, lastAnswers) {
      stopping = true;
      supervisors.timers.stop();
      await end(graceMs);
      waiters.stop();
      views.close();
      supervisors.system.stop();
      await lastAnswers?.();
      await joined.close();
      await store.close();
      checker.close();
      await pool.close();
    },
  };
}

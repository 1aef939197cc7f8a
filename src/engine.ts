/** The front door: create, trigger, view, list, wait. What HTTP, the benchmarks and the tests use. */
import { startCompany } from "./actors/company.ts";
import { createInbox, type Inbox } from "./actors/inbox.ts";
import { createKnownHandlers } from "./actors/known-handlers.ts";
import { Workload } from "./actors/workload.ts";
import { createWaiters } from "./bus/waiters.ts";
import type { CreateRequest, CreateResult, EngineHealth, TriggerResult, Unavailable } from "./engine-answers.ts";
import { patience } from "./cluster/patience.ts";
import { createBirths } from "./engine-births.ts";
import { type ClusterOptions, joinCluster } from "./engine-cluster.ts";
import { createEngineLanes } from "./engine-lanes.ts";
import { createLoadShedding, type NewWork } from "./engine-load-shedding.ts";
import { createEngineOverflow } from "./engine-overflow.ts";
import { createRemoteTriggers } from "./engine-remote.ts";
import { createSharedViews } from "./engine-views.ts";
import { createTriggers, unavailable } from "./engine-triggers.ts";
import type { Clock } from "./env/clock.ts";
import type { Ids } from "./env/ids.ts";
import type { Log } from "./env/log.ts";
import { sharingOneTimer } from "./env/timers.ts";
import type { Random } from "./env/random.ts";
import type { Turns } from "./env/turns.ts";
import { createDefinitionChecker, type DefinitionChecker } from "./pool/definition-checker.ts";
import type { Pool } from "./pool/pool.ts";
import { createGathering } from "./store/gathering.ts";
import { largeKey, type ListQuery, type Retention, type Store, type Summary } from "./store/store.ts";
import { createViews } from "./store/views.ts";
import type { DefinitionOptions } from "./workflow/definition.ts";
import { isTerminal } from "./workflow/status.ts";
import type { ExecutionView } from "./workflow/view.ts";

/** What views and lists are made of, for those who see the engine only. */
export { type ListPosition, StoreUnavailable, type Summary } from "./store/store.ts";
export type { Step } from "./workflow/graph.ts";
export { EXECUTION_STATES, type ExecutionStatus, isTerminal, NODE_STATES, type NodeStatus } from "./workflow/status.ts";
export type { ExecutionView, NodeView } from "./workflow/view.ts";

export type { NewWork } from "./engine-load-shedding.ts";

export type { CheckedDefinition, CheckResult } from "./pool/definition-checker.ts";
export type { ParamsResult } from "./workflow/params.ts";
export type { SubmittedResult } from "./workflow/submitted.ts";
export type DefinitionForm = DefinitionOptions["form"];

export type { CreateRequest, CreateResult, EngineHealth, TriggerResult, Unavailable } from "./engine-answers.ts";

/** What clients send is read here, in a thread where it is large. */
export interface Engine extends Pick<DefinitionChecker, "check" | "decode" | "readParams" | "readSubmitted" | "yamlToJson"> {
  /** Refuses nothing for the load: for that `admit` is asked before. A store that is full or away and a stop refuse it all the same. */
  create(request: CreateRequest): Promise<CreateResult>;
  /** Why new work of this kind is refused now; null where it may come. Asked once for each, before anything is done for it. */
  admit(work: NewWork): Unavailable | null;
  /** Some of what is new is refused lately. */
  readonly isShedding: boolean;
  /** `params`: JSON text of an object, or null for none. Resolves when the trigger is durable. */
  trigger(id: string, params: string | null): Promise<TriggerResult>;
  /** The execution as the store has it, or null. Reads never ask an actor. Rejects with StoreUnavailable. */
  view(id: string): Promise<ExecutionView | null>;
  /** The small part of it. Rejects with StoreUnavailable. */
  summary(id: string): Promise<Summary | null>;
  /** Its supervisor crashed too often and is left alone until the next sweep; known to the owner alone. */
  isStalled(id: string): boolean;
  /** Outputs that are kept apart (a view shows only their size), as JSON texts. `attempt`: the node's `attempts`. */
  largeOutputs(id: string, nodes: readonly { readonly id: string; readonly attempt: number }[]): Promise<readonly (string | null)[]>;
  list(query: ListQuery): Promise<readonly Summary[]>;
  /** True at the end of the execution; false when the time is up or too many wait already. */
  waitForEnd(id: string, withinMs: number): Promise<boolean>;
  health(): EngineHealth;
  /** It will be stopped soon: readiness says so, and everything else goes on. */
  retire(): void;
  /**
   * A clean end: nothing new begins, what runs may finish within `graceMs`, everything is committed, and whoever waits
   * is let go. `lastAnswers` is given the time to answer them; then the store is closed.
   */
  stop(graceMs: number, lastAnswers?: () => Promise<void>): Promise<void>;
}

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
  const { ownership, errands, ...joined } = await joinCluster({ ...options, bootId, waiters, gathering });
  const { living } = ownership;
  const handlers = createKnownHandlers({
    here: pool.handlers,
    onHere: pool.onHandlers,
    peers: living.peers,
    onPeers: living.onPeers,
    clock,
    log,
  });
  const shownAs = createSharedViews();
  const checker = createDefinitionChecker({ definitions: options.definitions, catalog: handlers.all, clock });
  const views = createViews({ store, compile: checker.compile, clock, turns });
  const workload = new Workload();
  const company = startCompany({
    ...options,
    workload,
    handlers,
    bootId,
    tenureOf: (id) => ownership.tenureOf(store.laneOf(id)),
    shared: cluster !== null,
    isAlive: living.isAlive,
    isHeld: joined.isHeld,
    claimsOf: (id) => overflow?.claimsOf(id) ?? NO_CLAIMS,
    errands,
    ownerDeaths: ownership.deaths,
    moved: (id) => lanes.moved(id),
    planOf: (hash, text) => views.planOf(hash, text),
    givenBy: checker.givenBy,
  });
  const overflow =
    cluster &&
    createEngineOverflow({
      ...{ cluster, pool, handlers, json: checker, ownership, errands, clock, turns, log },
      isOwned: (lane) => lanes.isOwned(lane),
      executorDied: (died) => void buried(died),
    });
  const inbox: Inbox | null =
    cluster &&
    createInbox({
      store: cluster.store,
      json: checker,
      clock,
      log,
      tell: (id, message) => company.system.tell(id, message),
      isOwned: (lane) => lanes.isOwned(lane),
      refuse: (lane, commandId) => void ownership.tenureOf(lane)?.committer.answer([{ commandId, receipt: '{"type":"unknown"}' }]),
      answered: (lane, commands) => cluster.doorbell.ring({ type: "answered", lane, commands }),
    });
  const lanes = createEngineLanes({
    ...{ store, company, errands, inbox, clock },
    tenureOf: (lane) => ownership.tenureOf(lane),
    takeClaims: (lane) => overflow?.taken(lane),
    dropOffers: (lane) => overflow?.drop(lane),
  });
  const remote = cluster && createRemoteTriggers({ store: cluster.store, json: checker, doorbell: cluster.doorbell, clock, ids });
  const triggers = createTriggers({ store, company, ownership, lanes, remote, clock: limits });
  handlers.onChange(checker.renewed);
  let retiring = false;
  let stopping = false;
  const births = createBirths({
    ...{ store, company, ownership, lanes, ids, gathering, workload },
    clock: limits,
    created: joined.created,
    isStopping: () => stopping,
  });
  living.onDeath((died) => void buried(died));

  /** Outcomes that it still sent count; what it ran beyond them is lost. */
  async function buried(died: string): Promise<void> {
    await Promise.all([...ownership.tenures()].map(({ lane }) => lanes.readCommands(lane)));
    pool.executorDied(died);
  }

  const holding = (): string | null => {
    for (const { committer } of ownership.tenures()) if (committer.holding !== null) return committer.holding;
    return null;
  };

  const withoutThread = (): string | null =>
    pool.load().threads > 0
      ? null
      : "No thread is there to run nodes: the handlers cannot be loaded, or the threads end; the log says why.";

  const lines = () => [births, ...Array.from(ownership.tenures(), ({ committer }) => committer)];
  const shedding = createLoadShedding({ clock, lines, inHand: workload });
  workload.onDone(() => shedding.done());
  const refusal = (reason: string | null): Unavailable | null => (reason === null ? null : unavailable(reason));
  const obstructed = () => refusal(stopping ? "The server is stopping." : joined.full());

  /** What runs ends, or is given back; every outcome is in the store before the last word. */
  async function end(graceMs: number): Promise<void> {
    if (cluster === null) {
      await pool.drain(graceMs);
      await company.system.idle();
      // What a stalled execution had begun is recorded nowhere: only a death gives it the next number.
      return ownership.stop(!company.system.hasStalled);
    }
    await overflow?.stopClaiming();
    await ownership.stop(true);
    overflow?.stop();
    errands.giveBack();
    await pool.drain(graceMs);
    // A store that is away shall not hold up the end: what it does not get counts as cut off. And who else knows what it has forgotten?
    const { spent, cancel } = patience(clock, OUTCOMES_MS, () => ownership.storeTrouble !== null);
    await Promise.race([spent, Promise.all([errands.idle(), joined.told()])]);
    cancel();
    await ownership.leave();
  }

  await ownership.begin(lanes);
  company.admission.open();
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
    create: async (request) => obstructed() ?? births.create(request),
    trigger: async (id, params) => obstructed() ?? triggers.trigger(id, params),
    async view(id) {
      const found = await views.stateOf(id);
      return found === null ? null : shownAs(id, found.state, company.system.isStalled(id), handlers.reasons());
    },
    summary: (id) => store.summary(id),
    isStalled: (id) => company.system.isStalled(id),
    largeOutputs: (id, nodes) =>
      store.large(
        id,
        nodes.map((node) => largeKey.output(node.id, node.attempt)),
      ),
    list: (query) => store.list(query),
    async waitForEnd(id, withinMs) {
      const wait = waiters.wait(id, withinMs);
      if (company.isUnderWay(id)) return wait?.ended ?? false;
      try {
        // It may have ended before anybody waited.
        return (await hasEnded(id)) || ((await wait?.ended) ?? false);
      } finally {
        wait?.cancel();
      }
    },
    health() {
      const trouble = (): string | null => ownership.obstacle ?? ownership.storeFull ?? holding() ?? births.refusal ?? withoutThread();
      const obstacle = stopping || retiring ? "This instance is stopping." : trouble();
      return {
        state: stopping ? "stopping" : "running",
        degraded: options.degraded,
        store: { kind: options.storeKind, available: ownership.storeTrouble === null && holding() === null },
        executions: { active: company.system.size, running: company.admission.running, waiting: company.admission.waiting },
        pool: pool.load(),
        obstacle,
        cluster: cluster && {
          bootId,
          lanes: [...ownership.tenures()].length,
          trusted: [...ownership.tenures()].filter((tenure) => tenure.trusted()).map(({ lane }) => lane),
          events: cluster.events?.health() ?? null,
          outboxBytes: ownership.outboxBytes,
        },
      };
    },
    retire() {
      retiring = true;
    },
    async stop(graceMs, lastAnswers) {
      stopping = true;
      company.timers.stop();
      await end(graceMs);
      waiters.stop();
      views.close();
      company.system.stop();
      await lastAnswers?.();
      await joined.close();
      await store.close();
      checker.close();
      await pool.close();
    },
  };
}

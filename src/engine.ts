/** The front door: create, trigger, view, list, wait. What HTTP, the benchmarks and the tests use. */
import { startCompany } from "./actors/company.ts";
import type { Receipt } from "./actors/ports.ts";
import { createWaiters } from "./bus/waiters.ts";
import { takeOwnership } from "./cluster/ownership.ts";
import type { Clock } from "./env/clock.ts";
import { derivedId, hashOf, type Ids } from "./env/ids.ts";
import type { Log } from "./env/log.ts";
import type { Random } from "./env/random.ts";
import type { Turns } from "./env/turns.ts";
import { type CheckedDefinition, type CheckResult, createDefinitionChecker } from "./pool/definition-checker.ts";
import type { Pool } from "./pool/pool.ts";
import { createCommitter } from "./store/committer.ts";
import { createCreator } from "./store/creator.ts";
import { type CommitEntry, largeKey, type ListQuery, type Retention, type Store, StoreUnavailable, type Summary } from "./store/store.ts";
import { createViews } from "./store/views.ts";
import type { Catalog } from "./workflow/catalog.ts";
import { compileStored, type DefinitionOptions } from "./workflow/definition.ts";
import { type ExecutionStatus, isTerminal } from "./workflow/status.ts";
import { type ExecutionView, viewOf } from "./workflow/view.ts";

/** What views and lists are made of, for those who see the engine only. */
export { type ListPosition, StoreUnavailable, type Summary } from "./store/store.ts";
export type { Step } from "./workflow/graph.ts";
export { EXECUTION_STATES, type ExecutionStatus, isTerminal, NODE_STATES, type NodeStatus } from "./workflow/status.ts";
export type { ExecutionView, NodeView } from "./workflow/view.ts";

export type { CheckedDefinition, CheckResult } from "./pool/definition-checker.ts";

export type CreateRequest = {
  readonly definition: CheckedDefinition;
  /** With it, the execution is also triggered in the same act. `params`: JSON text of an object, or null. */
  readonly trigger: { readonly params: string | null } | null;
  /** From an Idempotency-Key: the same route and key find what is there. `body`: the request's text, to tell another request. */
  readonly idempotency: { readonly route: string; readonly key: string; readonly body: string } | null;
};
export type CreateResult =
  | { readonly type: "created" | "exists"; readonly id: string }
  /** The key was used for another body. */
  | { readonly type: "differs" }
  /** The store can never take it. */
  | { readonly type: "refused"; readonly reason: string }
  | Unavailable;

export type TriggerResult =
  | { readonly type: "triggered" }
  /** It runs, waits for room, or is done: nothing changed. */
  | { readonly type: "already"; readonly status: ExecutionStatus }
  | { readonly type: "not_found" }
  | Unavailable;

/** Full, stopping, or the store is away: the client should come again. */
export type Unavailable = { readonly type: "unavailable"; readonly reason: string; readonly retryAfterMs: number };

export type EngineHealth = {
  readonly state: "running" | "stopping";
  readonly degraded: boolean;
  readonly store: { readonly kind: string; readonly available: boolean };
  readonly executions: { readonly active: number; readonly running: number; readonly waiting: number };
  readonly pool: { readonly threads: number; readonly begun: number; readonly waiting: number };
};

export interface Engine {
  /** Parses and checks a definition's JSON text; a large one in a thread. Never throws for bad input. */
  check(text: string, form: "workflow" | "steps"): Promise<CheckResult>;
  create(request: CreateRequest): Promise<CreateResult>;
  /** `params`: JSON text of an object, or null for none. Resolves when the trigger is durable. */
  trigger(id: string, params: string | null): Promise<TriggerResult>;
  /** The execution as the store has it, or null. Reads never ask an actor. Rejects with StoreUnavailable. */
  view(id: string): Promise<ExecutionView | null>;
  /** The small part of it. Rejects with StoreUnavailable. */
  summary(id: string): Promise<Summary | null>;
  /** Outputs that are kept apart (a view shows only their size), as JSON texts. `attempt`: the node's `attempts`. */
  largeOutputs(id: string, nodes: readonly { readonly id: string; readonly attempt: number }[]): Promise<readonly (string | null)[]>;
  list(query: ListQuery): Promise<readonly Summary[]>;
  /** True at the end of the execution; false when the time is up or too many wait already. */
  waitForEnd(id: string, withinMs: number): Promise<boolean>;
  health(): EngineHealth;
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
};

const TRIGGER_DEADLINE_MS = 10_000;
const STORE_AWAY_MS = 2_000;
const STORE_LOOK_MS = 500;
const RETRY_AFTER_MS = 1_000;

/** Takes over the store and begins to work. Rejects with the faults of handlers, or StoreUnavailable. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { store, pool, clock, turns, ids, log } = options;
  const bootId = ids.next();
  const handlers = await pool.ready();
  const catalog: Catalog = new Map(handlers.flatMap((info) => info.names.map((name) => [name, info] as const)));
  const ownership = await takeOwnership({ store, bootId, clock, log, retention: options.retention });
  const waiters = createWaiters({ clock, limit: options.waitersLimit });
  const committers = ownership.leases.map((lease) => createCommitter({ store, lease, clock, onApplied: tellEnds }));
  function tellEnds(entries: readonly CommitEntry[]): void {
    for (const { summary } of entries) if (isTerminal(summary.status)) waiters.ended(summary.id);
  }
  const committerOf = (id: string) => {
    const committer = committers[store.laneOf(id)];
    if (committer === undefined) throw new Error(`No lane for execution ${id}.`);
    return committer;
  };
  const views = createViews({ store, compile: compileStored, turns });
  const company = startCompany({
    ...options,
    catalog,
    committerOf,
    ownerDeaths: ownership.deaths,
    planOf: (hash, text) => views.planOf(hash, text),
  });
  const checker = createDefinitionChecker({ definitions: { ...options.definitions, catalog }, clock });
  const creator = createCreator({ store, clock });
  let stopping = false;

  const unavailable = (reason: string): Unavailable => ({ type: "unavailable", reason, retryAfterMs: RETRY_AFTER_MS });
  const storeTrouble = (error: unknown): Unavailable => {
    if (error instanceof StoreUnavailable) return unavailable(error.message);
    throw error;
  };
  const holding = (): string | null => committers.find((committer) => committer.holding !== null)?.holding ?? null;

  async function create({ definition, trigger, idempotency }: CreateRequest): Promise<CreateResult> {
    if (stopping) return unavailable("The server is stopping.");
    const id = idempotency === null ? ids.next() : derivedId("default", idempotency.route, idempotency.key);
    const execution = company.newExecution(id, definition, trigger, hashOf(idempotency?.body ?? definition.text));
    try {
      const answer = await creator.create(execution);
      if (answer === "differs") return { type: "differs" };
      if (answer === "created") company.created(execution, definition.plan);
      if (trigger !== null && !stopping) void company.system.ensure(id);
      // Without a key the id is new: what exists already is this request, sent again after a lost answer.
      return { type: idempotency === null ? "created" : answer, id };
    } catch (error) {
      if (error instanceof RangeError) return { type: "refused", reason: error.message };
      // It may have been created and triggered all the same.
      if (trigger !== null) ownership.unsure();
      return storeTrouble(error);
    }
  }

  async function trigger(id: string, params: string | null): Promise<TriggerResult> {
    if (stopping) return unavailable("The server is stopping.");
    const trouble = holding();
    if (trouble !== null) return unavailable(trouble);
    if (!company.knows(id)) {
      try {
        const summary = await store.summary(id);
        if (summary === null) return { type: "not_found" };
        if (summary.triggeredAtMs !== null) return { type: "already", status: summary.status };
      } catch (error) {
        return storeTrouble(error);
      }
    }
    return new Promise((resolve) => {
      const answer = (result: TriggerResult): void => {
        cancelAway();
        cancelDeadline();
        resolve(result);
      };
      let cancelAway = clock.after(STORE_AWAY_MS, function look() {
        const reason = holding();
        if (reason !== null) answer(unavailable(reason));
        else cancelAway = clock.after(STORE_LOOK_MS, look);
      });
      const cancelDeadline = clock.after(TRIGGER_DEADLINE_MS, () => answer(unavailable("The trigger was not answered in time.")));
      const told = company.system.tell(id, { type: "Ask", params, reply: (receipt) => answer(triggerResult(receipt)) });
      if (!told) answer(unavailable("The execution takes no more commands now."));
    });
  }

  function triggerResult(receipt: Receipt): TriggerResult {
    switch (receipt.type) {
      case "done":
        return { type: "triggered" };
      case "rejected":
        return { type: "already", status: receipt.rejection.status };
      case "unknown":
        return { type: "not_found" };
      case "unavailable":
        return unavailable(receipt.reason);
    }
  }

  await ownership.begin((id) => company.system.ensure(id), company.system.sweep);
  company.admission.open();
  return {
    check: checker.check,
    create,
    trigger,
    async view(id) {
      const found = await views.stateOf(id);
      return found === null ? null : viewOf(id, found.state, company.system.isStalled(id));
    },
    summary: (id) => store.summary(id),
    largeOutputs: (id, nodes) =>
      store.large(
        id,
        nodes.map((node) => largeKey.output(node.id, node.attempt)),
      ),
    list: (query) => store.list(query),
    async waitForEnd(id, withinMs) {
      const wait = waiters.wait(id, withinMs);
      try {
        // It may have ended before anybody waited.
        const summary = await store.summary(id);
        return summary === null || isTerminal(summary.status) || ((await wait?.ended) ?? false);
      } finally {
        wait?.cancel();
      }
    },
    health: () => ({
      state: stopping ? "stopping" : "running",
      degraded: options.degraded,
      store: { kind: options.storeKind, available: holding() === null },
      executions: { active: company.system.size, running: company.admission.running, waiting: company.admission.waiting },
      pool: pool.load(),
    }),
    async stop(graceMs, lastAnswers) {
      stopping = true;
      ownership.stop();
      company.timers.stop();
      await pool.drain(graceMs);
      await company.system.idle();
      // What a stalled execution had begun is recorded nowhere: only a death gives it the next number.
      const clean = !company.system.hasStalled;
      await Promise.all(committers.map((committer) => committer.finish(clean)));
      waiters.stop();
      company.system.stop();
      await lastAnswers?.();
      await store.close();
      checker.close();
      await pool.close();
    },
  };
}

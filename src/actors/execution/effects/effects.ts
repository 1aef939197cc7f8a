/** The effects of one supervisor: it starts attempts, sets timers, takes back. It acts only on what is committed. */
import { largeKey, StoreUnavailable } from "../../../store/store.ts";
import { collectWhenIdle } from "../../../env/process/garbage.ts";
import type { ExecutionAttempts } from "../../../pool/pool.ts";
import type { TriggerParams } from "../../../workflow/template/trigger-params.ts";
import type { Command, Effect } from "../../../workflow/execution/messages.ts";
import { executionPriority, nodePriority } from "../../../workflow/execution/priority.ts";
import { recover } from "../../../workflow/execution/recover.ts";
import { at, type ExecutionState } from "../../../workflow/execution/state.ts";
import { isTerminal, NodeCode } from "../../../workflow/execution/status.ts";
import { AttemptBuilder, MissingTexts } from "./attempt-builder.ts";
import { HandlerWait } from "./handler-wait.ts";
import { PutOff } from "./put-off.ts";
import { RetryTimers } from "./retry-timers.ts";
import { ownAttempt } from "../in-hand.ts";
import type { Ports } from "../ports.ts";
import type { NodeIndex } from "../../../workflow/plan/plan.ts";
import type { OwnedLane } from "../../../cluster/owned-lane.ts";
import { ALL_NEEDS } from "../../../workflow/definition/catalog.ts";

/** The supervisor whose effects they are. */
export interface EffectsHost {
  readonly id: string;
  readonly state: ExecutionState;
  readonly ports: Ports;
  readonly attempts: ExecutionAttempts;
  readonly ownedLane: OwnedLane;
  /** What came with the trigger. */
  readonly triggerParams: TriggerParams;
  /** Acts once the lane is trusted. Never, if it is another's or has stopped. */
  whenTrusted(act: () => void): void;
  /** Delivers a command to the supervisor itself, in a later turn. */
  deliver(command: Command): void;
  /** Reports that the supervisor cannot go on as it is. */
  failed(error: unknown): void;
}

const FETCH_AGAIN_MS = 200;
const HELD_AGAIN_MS = 500;
/** The approximate garbage of a node of a finished execution. */
const GARBAGE_BYTES = 1_000;

export class Effects {
  readonly #host: EffectsHost;
  /** The attempt of each node that was given to the pool: a join is looked at by each of its dependencies. */
  readonly #started: Uint32Array;
  /** Null before the first retry. */
  #retries: RetryTimers | null = null;
  /** Ready nodes that wait until events are published again; null if there are none. */
  #heldBack: NodeIndex[] | null = null;
  /** Ready nodes that wait because the pool has enough of this execution in hand; null before the first. */
  #putOff: PutOff | null = null;
  #startsAgain = false;
  /** Ready nodes without a handler here; null if there are none. */
  #handlerWait: HandlerWait | null = null;
  #builder: AttemptBuilder | null = null;

  constructor(host: EffectsHost) {
    this.#host = host;
    this.#started = new Uint32Array(host.state.plan.ids.length);
  }

  perform(effect: Effect): void {
    const { state } = this.#host;
    const { plan } = state;
    switch (effect.type) {
      case "Admit":
        return this.#admit();
      case "StartRoots":
        for (let node = 0; node < plan.ids.length; node++) if (plan.level[node] === 0) this.#startNode(node);
        return;
      case "StartDependents": {
        const end = at(plan.dependentStart, effect.node + 1);
        for (let edge = at(plan.dependentStart, effect.node); edge < end; edge++) this.#startNode(at(plan.dependents, edge));
        return;
      }
      case "StartAttempt":
        return this.#startNode(effect.node);
      case "WatchAttempt":
        return this.#watch(effect);
      case "StartTimer":
        return this.#startTimer(effect.node, effect.attempt, effect.dueAtMs);
      case "Reorder":
        this.#admit();
        return this.#putOff?.reorder((node) => nodePriority(state, node));
      case "Hold":
        return this.#hold();
      case "Resume":
        return this.#resume();
      case "TakeBack":
        return this.#takeBack();
      case "Abort":
        return this.#abort();
      case "Forget":
        this.#host.ports.admission.leave(this.#host.id);
        if (state.discarded) this.#host.ports.removals.remove({ id: this.#host.id, createdAtMs: state.createdAtMs });
        collectWhenIdle(plan.ids.length * GARBAGE_BYTES);
        return;
      default:
        return absurd(effect);
    }
  }

  /** Notes a settled outcome: others may begin, and a finished execution is closed once nothing is in hand. */
  settled(): void {
    const { state, attempts, ownedLane } = this.#host;
    // Attempts may also come back under a lease that has lapsed: then this waits for the next look.
    if (this.#putOff?.isEmpty === false && ownedLane.trusted()) this.#putOff.refill();
    // Its texts may be large: none is kept for an execution that only waits.
    if (attempts.size === 0) this.#builder?.forget();
    if (isTerminal(state.status) && !state.closed && attempts.size === 0) this.#host.deliver({ type: "Close" });
  }

  /**
   * Handles an entry that went without an outcome. If it was taken back for a pause and the resume came first, its attempt must begin after
   * all.
   */
  returned(): void {
    this.settled();
    if (this.#host.state.status !== "RUNNING" || this.#startsAgain) return;
    this.#startsAgain = true;
    this.#host.ports.clock.after(0, () => {
      this.#startsAgain = false;
      this.#host.whenTrusted(() => this.#startAgain());
    });
  }

  stop(): void {
    this.#forgetReady();
    this.#retries?.cancel();
  }

  /** Forgets nodes that are ready and not in hand. */
  #forgetReady(): void {
    this.#putOff?.clear();
    this.#handlerWait?.stop();
    this.#handlerWait = null;
  }

  #startAgain(): void {
    const { state, attempts } = this.#host;
    if (state.status !== "RUNNING") return;
    this.#forgetReady();
    for (let node = 0; node < state.nodeStatus.length; node++) {
      if (state.nodeStatus[node] !== NodeCode.QUEUED || attempts.holds(node, at(state.attempt, node))) continue;
      this.#started[node] = 0;
      this.#startNode(node);
    }
  }

  #admit(): void {
    const { id, state, ports } = this.#host;
    if (state.status !== "PENDING" || state.triggeredAtMs === null) return;
    ports.admission.wait({
      id,
      priority: executionPriority(state),
      triggeredAtMs: state.triggeredAtMs,
      admitted: () => this.#host.deliver({ type: "Start" }),
    });
  }

  #takeBack(): void {
    const { id, state, ports, attempts } = this.#host;
    ports.admission.leave(id);
    this.stop();
    if (!state.closed && attempts.takeBack() === 0) this.#host.deliver({ type: "Close" });
  }

  #hold(): void {
    const { id, state, ports, attempts } = this.#host;
    if (state.status !== "PAUSED") return;
    ports.admission.leave(id);
    this.#forgetReady();
    attempts.takeBack();
  }

  /** Starts everything that the state says must be done. Attempts that were taken back keep their numbers. */
  #resume(): void {
    const { id, state, ports } = this.#host;
    if (state.status === "RUNNING") ports.admission.enter(id);
    this.#started.fill(0);
    for (const effect of recover(state)) this.perform(effect);
  }

  #abort(): void {
    this.#takeBack();
    this.#host.attempts.abort("The execution was cancelled.");
  }

  /**
   * Watches an attempt that is recorded as started: here, at an instance that lives, or lost with a thread or an instance of an earlier
   * life.
   */
  #watch({ node, attempt, executor }: Extract<Effect, { type: "WatchAttempt" }>): void {
    const { state, ports, attempts } = this.#host;
    const isOpen = state.nodeStatus[node] === NodeCode.RUNNING && state.attempt[node] === attempt;
    if (!isOpen || attempts.holds(node, attempt)) return;
    const elsewhere = executor !== ports.bootId;
    const own = ownAttempt(this.#host.id, state, node, attempt);
    const isOutstanding = elsewhere ? ports.isAlive(executor) : ports.remoteAttempts.hasTold(own);
    if (isOutstanding) attempts.watch(node, attempt, executor, own.nodeId);
    else this.#host.deliver({ type: "LoseAttempt", node, attempt, death: elsewhere && ports.shared });
  }

  #startNode(node: NodeIndex): void {
    const { state, ports, attempts } = this.#host;
    if (state.status !== "RUNNING" || state.nodeStatus[node] !== NodeCode.QUEUED) return;
    const attempt = at(state.attempt, node);
    if (this.#started[node] === attempt) return;
    if (ports.isOutboxFull()) return this.#holdBack(node);
    this.#started[node] = attempt;
    if (attempts.open < ports.pool.ahead) this.#dispatch(node, attempt);
    else (this.#putOff ??= new PutOff(this.#host, (each) => this.#dispatchPutOff(each))).add(node, nodePriority(state, node));
  }

  #dispatchPutOff(node: NodeIndex): void {
    const { state } = this.#host;
    if (state.status === "RUNNING" && state.nodeStatus[node] === NodeCode.QUEUED) this.#dispatch(node, at(state.attempt, node));
  }

  #holdBack(node: NodeIndex): void {
    if (this.#heldBack !== null) {
      this.#heldBack.push(node);
      return;
    }
    const nodes = [node];
    this.#heldBack = nodes;
    this.#host.ports.clock.after(HELD_AGAIN_MS, () => {
      this.#heldBack = null;
      this.#host.whenTrusted(() => {
        for (const each of nodes) this.#startNode(each);
      });
    });
  }

  #dispatch(node: NodeIndex, attempt: number, fetched: ReadonlyMap<string, string> = NONE_FETCHED): void {
    const { state, ports } = this.#host;
    const info = ports.handlers.here().get(state.plan.handlers[node] ?? "");
    if (info === undefined) {
      if (!this.#goesElsewhere(node, attempt)) return;
    } else if (state.noHandler.size > 0 && state.noHandler.has(node)) {
      // From now on it may be what kills its thread, which must be known before it begins: then it is started again.
      this.#started[node] = 0;
      this.#host.deliver({ type: "RecordHandler", node, attempt, missing: false });
      return;
    }
    const largeOutput =
      fetched === NONE_FETCHED ? this.#inMemory : (ancestor: NodeIndex) => fetched.get(this.#keyOf(ancestor)) ?? this.#inMemory(ancestor);
    this.#builder ??= new AttemptBuilder(this.#host);
    const dispatched = this.#builder.build(node, info?.needs ?? ALL_NEEDS, largeOutput);
    if (!(dispatched instanceof MissingTexts)) this.#host.attempts.start(dispatched);
    else this.#fetch(node, attempt, [...fetched.keys(), ...dispatched.nodes.map((each) => this.#keyOf(each))], fetched);
  }

  /** Sends a node elsewhere that no thread here can run. Returns false if it must wait. */
  #goesElsewhere(node: NodeIndex, attempt: number): boolean {
    const { state, ports } = this.#host;
    if (!state.noHandler.has(node)) this.#host.deliver({ type: "RecordHandler", node, attempt, missing: true });
    this.#handlerWait ??= new HandlerWait(this.#host, (each, number) => this.#dispatch(each, number));
    if (ports.handlers.isElsewhere(state.plan.handlers[node] ?? "") && this.#handlerWait.hasRoom) return true;
    this.#handlerWait.add(node);
    return false;
  }

  /** Fetches texts. `keys`: all that it needs, not only what is missing now: what is in memory may have left it by then. */
  #fetch(node: NodeIndex, attempt: number, keys: readonly string[], fetched: ReadonlyMap<string, string>): void {
    const { id, state, ports } = this.#host;
    const again = (texts: ReadonlyMap<string, string>): void =>
      this.#host.whenTrusted(() => {
        const isReady = state.status === "RUNNING" && state.nodeStatus[node] === NodeCode.QUEUED;
        if (isReady && state.attempt[node] === attempt) this.#dispatch(node, attempt, texts);
      });
    ports.largeTexts.fetch(id, keys).then(again, (error: unknown) => {
      // The store is away, which is no failure of the node: it waits.
      if (error instanceof StoreUnavailable) ports.clock.after(FETCH_AGAIN_MS, () => again(fetched));
      else this.#host.failed(error);
    });
  }

  readonly #inMemory = (ancestor: NodeIndex): string | undefined => this.#host.ports.largeTexts.peek(this.#host.id, this.#keyOf(ancestor));

  #keyOf(ancestor: NodeIndex): string {
    const { plan, begun } = this.#host.state;
    return largeKey.output(plan.ids[ancestor] ?? "", at(begun, ancestor));
  }

  #startTimer(node: NodeIndex, attempt: number, dueAtMs: number): void {
    const { state } = this.#host;
    if (state.nodeStatus[node] !== NodeCode.RETRYING || state.attempt[node] !== attempt) return;
    const retries = (this.#retries ??= new RetryTimers(this.#host.ports.timers));
    retries.start(node, dueAtMs, () => this.#host.deliver({ type: "FireRetry", node, attempt }));
  }
}

const NONE_FETCHED: ReadonlyMap<string, string> = new Map();

function absurd(effect: never): never {
  throw new Error(`Unknown effect ${JSON.stringify(effect)}.`);
}

/** Performs effects for one supervisor: starts attempts, sets timers, takes back. Acts only on what is committed. */
import { largeKey, StoreUnavailable } from "../store/store.ts";
import type { Hands } from "../pool/pool.ts";
import type { Command, Effect, NodeIndex } from "../workflow/messages.ts";
import { at, type ExecutionState } from "../workflow/state.ts";
import { isTerminal, NodeCode } from "../workflow/status.ts";
import { dispatchOf } from "./dispatch.ts";
import type { Given } from "./given.ts";
import type { Ports, Tenure } from "./ports.ts";

export type Effects = {
  perform(effect: Effect): void;
  /** An outcome was settled: a finished execution is closed once nothing is in hand. */
  settled(): void;
  stop(): void;
};

const FETCH_AGAIN_MS = 200;
const HELD_AGAIN_MS = 500;

export function createEffects(options: {
  readonly id: string;
  readonly state: ExecutionState;
  readonly ports: Ports;
  readonly hands: Hands;
  readonly tenure: Tenure;
  readonly given: () => Given;
  readonly deliver: (command: Command) => void;
  readonly finished: () => void;
  readonly failed: (error: unknown) => void;
}): Effects {
  const { id, state, ports, hands, tenure, deliver } = options;
  const { plan } = state;
  const timers = new Map<NodeIndex, () => void>();
  /** The attempt of each node that was handed to the pool: a join is looked at by each of its dependencies. */
  const started = new Uint32Array(plan.ids.length);
  /** Ready, and held back until events are published again. */
  let held: NodeIndex[] = [];
  let stopped = false;

  function perform(effect: Effect): void {
    switch (effect.type) {
      case "Admit":
        if (state.status === "PENDING") {
          const { triggeredAtMs } = state;
          ports.admission.wait({
            id,
            priority: plan.priority,
            triggeredAtMs: triggeredAtMs ?? 0,
            admitted: () => deliver({ type: "Start" }),
          });
        }
        return;
      case "StartRoots":
        for (let node = 0; node < plan.ids.length; node++) if (plan.level[node] === 0) startNode(node);
        return;
      case "StartDependents": {
        const end = at(plan.dependentStart, effect.node + 1);
        for (let edge = at(plan.dependentStart, effect.node); edge < end; edge++) startNode(at(plan.dependents, edge));
        return;
      }
      case "StartAttempt":
        startNode(effect.node);
        return;
      case "WatchAttempt":
        return watch(effect);
      case "StartTimer":
        startTimer(effect.node, effect.attempt, effect.dueAtMs);
        return;
      case "TakeBack":
        ports.admission.leave(id);
        for (const cancel of timers.values()) cancel();
        timers.clear();
        if (!state.closed && hands.takeBack() === 0) deliver({ type: "Close" });
        return;
      case "Forget":
        ports.admission.leave(id);
        options.finished();
        return;
      default:
        return absurd(effect);
    }
  }

  /** Recorded as started: here, at an instance that lives, or it went with a thread or an instance of an earlier life. */
  function watch({ node, attempt, executor }: Extract<Effect, { type: "WatchAttempt" }>): void {
    if (!isOpen(node, attempt) || hands.holds(node, attempt)) return;
    const elsewhere = executor !== ports.bootId;
    if (elsewhere && ports.isAlive(executor)) hands.watch(node, attempt, executor);
    else deliver({ type: "LoseAttempt", node, attempt, death: elsewhere && ports.shared });
  }

  function isOpen(node: NodeIndex, attempt: number): boolean {
    return state.nodeStatus[node] === NodeCode.RUNNING && state.attempt[node] === attempt;
  }

  function startNode(node: NodeIndex): void {
    if (state.status !== "RUNNING" || state.nodeStatus[node] !== NodeCode.QUEUED) return;
    const attempt = at(state.attempt, node);
    if (started[node] === attempt) return;
    if (ports.isHeld()) return holdBack(node);
    started[node] = attempt;
    dispatch(node, attempt);
  }

  function holdBack(node: NodeIndex): void {
    if (held.push(node) > 1) return;
    ports.clock.after(HELD_AGAIN_MS, () => {
      const nodes = held;
      held = [];
      whenTrusted(() => {
        for (const each of nodes) startNode(each);
      });
    });
  }

  /** What waited for something may begin only while the lane is trusted; where it is another's, never. */
  function whenTrusted(act: () => void): void {
    if (stopped) return;
    if (tenure.trusted()) return act();
    void tenure.regained().then((isOurs) => {
      if (isOurs) whenTrusted(act);
    });
  }

  function keyOf(ancestor: NodeIndex): string {
    return largeKey.output(plan.ids[ancestor] ?? "", at(state.begun, ancestor));
  }

  function inMemory(ancestor: NodeIndex): string | undefined {
    return ports.largeTexts.peek(id, keyOf(ancestor));
  }

  function dispatch(node: NodeIndex, attempt: number, fetched?: ReadonlyMap<string, string>): void {
    const largeOutput = fetched === undefined ? inMemory : (ancestor: NodeIndex) => fetched.get(keyOf(ancestor)) ?? inMemory(ancestor);
    const dispatched = dispatchOf({ state, node, catalog: ports.catalog, given: options.given(), largeOutput });
    if (dispatched.type === "attempt") return hands.start(dispatched.attempt);
    // All that it needs is fetched, not only what is missing now: what is in memory may have left it by then.
    const keys = [...(fetched?.keys() ?? []), ...dispatched.nodes.map(keyOf)];
    const again = (texts?: ReadonlyMap<string, string>): void =>
      whenTrusted(() => {
        if (state.nodeStatus[node] === NodeCode.QUEUED && state.attempt[node] === attempt) dispatch(node, attempt, texts);
      });
    ports.largeTexts.fetch(id, keys).then(again, (error: unknown) => {
      // A store that is away is nobody's fault: the node waits.
      if (error instanceof StoreUnavailable) ports.clock.after(FETCH_AGAIN_MS, () => again(fetched));
      else options.failed(error);
    });
  }

  function startTimer(node: NodeIndex, attempt: number, dueAtMs: number): void {
    if (state.nodeStatus[node] !== NodeCode.RETRYING || state.attempt[node] !== attempt) return;
    timers.get(node)?.();
    const cancel = ports.timers.at(dueAtMs, () => {
      timers.delete(node);
      deliver({ type: "FireRetry", node, attempt });
    });
    timers.set(node, cancel);
  }

  return {
    perform,
    settled() {
      if (isTerminal(state.status) && !state.closed && hands.size === 0) deliver({ type: "Close" });
    },
    stop() {
      stopped = true;
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
}

function absurd(effect: never): never {
  throw new Error(`Unknown effect ${JSON.stringify(effect)}.`);
}

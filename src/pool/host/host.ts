/**
 * The loop inside a thread or a child process: begins attempts, lets them run side by side, gives their outcomes
 * back in batches. It knows nothing of handlers, and nothing of what carries its messages.
 */
import type { Clock } from "../../env/clock.ts";
import type { Turns } from "../../env/turns.ts";
import type { Failure } from "../../workflow/execution/failure.ts";
import { SlotState } from "../wire/slots.ts";
import type { Slots } from "../wire/slots.ts";
import type { AttemptContext, NodeOutcome, RunAttempt, UnknownHandler } from "../pool.ts";
import { PriorityQueue } from "../priority-queue.ts";
import { noOutcomes, OutcomeKind } from "../wire/work.ts";
import type { AbortReason, Outcomes, Work } from "../wire/work.ts";

/** After this long the event loop has its turn, so that aborts and new messages get in among CPU-bound attempts. */
const SLICE_MS = 5;
/** So many outcomes are given back at once, without waiting for the end of the slice: the pool works meanwhile. */
const FLUSH_AT = 512;
/** A handler that holds the thread for longer than this is not quick: outcomes are given back before it runs again. */
const QUICK_MS = 1;

export type HostOptions = {
  readonly run: RunAttempt;
  readonly slots: Slots;
  /** Gives outcomes back. The columns are the receiver's own. */
  readonly post: (outcomes: Outcomes) => void;
  readonly clock: Clock;
  readonly turns: Turns;
  /** While it has something in hand it raises its heartbeat at least this often, if nothing blocks it. Null: nobody listens. */
  readonly beatMs: number | null;
};

export type Host = {
  /** Attempts whose slots are QUEUED, or TAKEN back meanwhile. */
  take(works: readonly Work[]): void;
  abort(slots: readonly number[], reason: AbortReason): void;
  /** Gives back at once what has ended. */
  flush(): void;
};

/** A host with nothing in hand. */
export function createHost({ run, slots, post, clock, turns, beatMs }: HostOptions): Host {
  const queue = new PriorityQueue<Work>();
  const running: (Running | undefined)[] = [];
  /** Handlers that were seen to give the thread back soon. */
  const quick = new Set<string>();
  let outcomes = noOutcomes();
  let inHand = 0;
  let begun = 0;
  let pumpComing = false;
  let flushComing = false;
  let beating = false;

  return { take, abort, flush };

  function take(works: readonly Work[]): void {
    beat();
    for (const work of works) queue.push(work, work.attempt.priority);
    inHand += works.length;
    if (!pumpComing) pump();
    keepBeating();
  }

  /** Begins what waits, until the slice is over. */
  function pump(): void {
    pumpComing = false;
    beat();
    const startedMs = clock.nowMs();
    let nowMs = startedMs;
    while (nowMs - startedMs < SLICE_MS) {
      const work = queue.shift();
      if (work === undefined) break;
      if (outcomes.slots.length >= FLUSH_AT || (outcomes.slots.length > 0 && !quick.has(work.attempt.handler))) flush();
      begin(work, nowMs);
      const endedMs = clock.nowMs();
      if (endedMs - nowMs > QUICK_MS) quick.delete(work.attempt.handler);
      else quick.add(work.attempt.handler);
      nowMs = endedMs;
    }
    flush();
    if (queue.size > 0) {
      pumpComing = true;
      turns.run(pump);
    }
  }

  function begin({ slot, attempt, execution }: Work, nowMs: number): void {
    slots.beganAtMs[slot] = nowMs;
    const found = Atomics.compareExchange(slots.states, slot, SlotState.QUEUED, SlotState.BEGUN);
    if (found !== SlotState.QUEUED) {
      collect(slot, OutcomeKind.returned, "");
      return;
    }
    slots.begun[0] = begun += 1;
    const context = new Running(execution.id, execution.name);
    running[slot] = context;
    const answer = answerOf(() => run(attempt, context));
    if (answer instanceof Promise) {
      answer.then(
        (outcome) => endLater(slot, outcome),
        (error: unknown) => endLater(slot, broken(error)),
      );
    } else end(slot, answer);
  }

  function end(slot: number, outcome: NodeOutcome | UnknownHandler): void {
    running[slot] = undefined;
    Atomics.store(slots.states, slot, SlotState.ENDED);
    if (outcome.type === "completed") collect(slot, OutcomeKind.completed, outcome.output);
    else if (outcome.type === "failed") collect(slot, OutcomeKind.failed, JSON.stringify(outcome.failure));
    else collect(slot, OutcomeKind.unknown, "");
  }

  function endLater(slot: number, outcome: NodeOutcome): void {
    end(slot, outcome);
    if (flushComing || pumpComing) return;
    flushComing = true;
    turns.run(flush);
  }

  function collect(slot: number, kind: number, text: string): void {
    inHand -= 1;
    outcomes.slots.push(slot);
    outcomes.kinds.push(kind);
    outcomes.texts.push(text);
  }

  function flush(): void {
    flushComing = false;
    if (outcomes.slots.length === 0) return;
    const full = outcomes;
    outcomes = noOutcomes();
    post(full);
  }

  function abort(aborted: readonly number[], reason: AbortReason): void {
    beat();
    for (const slot of aborted) running[slot]?.abort(reason);
  }

  function beat(): void {
    Atomics.add(slots.beat, 0, 1);
  }

  function keepBeating(): void {
    if (beatMs === null || beating || inHand === 0) return;
    beating = true;
    clock.after(beatMs, () => {
      beating = false;
      beat();
      keepBeating();
    });
  }
}

/** What a running attempt is given. Its signal is made when it is first asked for. */
class Running implements AttemptContext {
  readonly executionId: string;
  readonly executionName: string;
  #controller: AbortController | null = null;
  #abortedFor: AbortReason | null = null;

  constructor(executionId: string, executionName: string) {
    this.executionId = executionId;
    this.executionName = executionName;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#abortedFor !== null) this.#controller.abort(asError(this.#abortedFor));
    }
    return this.#controller.signal;
  }

  abort(reason: AbortReason): void {
    if (this.#abortedFor !== null) return;
    this.#abortedFor = reason;
    this.#controller?.abort(asError(reason));
  }
}

function asError(reason: AbortReason): DOMException {
  return new DOMException(reason.message, reason.name);
}

/** RunAttempt promises never to throw; where it breaks that promise, its attempt fails and nothing else. */
function answerOf(run: () => ReturnType<RunAttempt>): ReturnType<RunAttempt> {
  try {
    return run();
  } catch (error) {
    return broken(error);
  }
}

function broken(error: unknown): NodeOutcome {
  const message = error instanceof Error ? error.message : String(error);
  const failure: Failure = { kind: "handler", code: "handler", message, retryable: true };
  return { type: "failed", failure };
}

/**
 * The loop inside a thread or a child process: it begins attempts, lets them run side by side, and gives their outcomes back in batches. It
 * knows nothing of handlers, and nothing of what carries its messages.
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

/** The time after which the event loop has its turn, so that aborts and new messages get in among CPU-bound attempts. */
const SLICE_MS = 5;
/** The number of outcomes that are given back at once, without waiting for the end of the slice: the pool works meanwhile. */
const FLUSH_AT = 512;
/** The time for which a quick handler may hold the thread. After a slower one, outcomes are given back before it runs again. */
const QUICK_MS = 1;

export type HostOptions = {
  readonly run: RunAttempt;
  readonly slots: Slots;
  /** Gives outcomes back. The receiver owns the columns. */
  readonly post: (outcomes: Outcomes) => void;
  readonly clock: Clock;
  readonly turns: Turns;
  /** The period of its heartbeat while it has something in hand and nothing blocks it. Null if nobody listens. */
  readonly beatMs: number | null;
};

export type Host = {
  /** Takes attempts whose slots are QUEUED, or TAKEN back meanwhile. */
  take(works: readonly Work[]): void;
  abort(slots: readonly number[], reason: AbortReason): void;
  /** Gives back at once what has ended. */
  flush(): void;
};

/** A host with nothing in hand. */
export function createHost(options: HostOptions): Host {
  return new AttemptHost(options);
}

class AttemptHost implements Host {
  readonly #options: HostOptions;
  readonly #queue = new PriorityQueue<Work>();
  readonly #running: (Running | undefined)[] = [];
  readonly #ended: EndedAttempts;
  readonly #heart: Heart;
  /** Handlers that have given the thread back soon. */
  readonly #quick = new Set<string>();
  #begun = 0;
  #pumpComing = false;
  #flushComing = false;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#ended = new EndedAttempts(options.slots, options.post);
    this.#heart = new Heart(options, this.#ended);
  }

  take(works: readonly Work[]): void {
    this.#heart.beat();
    for (const work of works) this.#queue.push(work, work.attempt.priority);
    this.#ended.toCome += works.length;
    if (!this.#pumpComing) this.#pump();
    this.#heart.keepBeating();
  }

  abort(slots: readonly number[], reason: AbortReason): void {
    this.#heart.beat();
    for (const slot of slots) this.#running[slot]?.abort(reason);
  }

  flush(): void {
    this.#flushComing = false;
    this.#ended.giveBack();
  }

  /** Begins what waits, until the slice is over. */
  #pump(): void {
    const { clock, turns } = this.#options;
    this.#pumpComing = false;
    this.#heart.beat();
    const startedMs = clock.nowMs();
    let nowMs = startedMs;
    while (nowMs - startedMs < SLICE_MS) {
      const work = this.#queue.shift();
      if (work === undefined) break;
      const { handler } = work.attempt;
      if (this.#ended.count >= FLUSH_AT || (this.#ended.count > 0 && !this.#quick.has(handler))) this.flush();
      this.#begin(work, nowMs);
      const endedMs = clock.nowMs();
      if (endedMs - nowMs > QUICK_MS) this.#quick.delete(handler);
      else this.#quick.add(handler);
      nowMs = endedMs;
    }
    this.flush();
    if (this.#queue.size > 0) {
      this.#pumpComing = true;
      turns.run(() => this.#pump());
    }
  }

  #begin({ slot, attempt, execution }: Work, nowMs: number): void {
    const { slots, run } = this.#options;
    slots.beganAtMs[slot] = nowMs;
    const found = Atomics.compareExchange(slots.states, slot, SlotState.QUEUED, SlotState.BEGUN);
    if (found !== SlotState.QUEUED) return this.#ended.add(slot, OutcomeKind.returned, "");
    slots.begun[0] = this.#begun += 1;
    const context = new Running(execution.id, execution.name);
    this.#running[slot] = context;
    const answer = answerOf(() => run(attempt, context));
    if (answer instanceof Promise) {
      answer.then(
        (outcome) => this.#endLater(slot, outcome),
        (error: unknown) => this.#endLater(slot, broken(error)),
      );
    } else this.#end(slot, answer);
  }

  #end(slot: number, outcome: NodeOutcome | UnknownHandler): void {
    this.#running[slot] = undefined;
    this.#ended.end(slot, outcome);
  }

  #endLater(slot: number, outcome: NodeOutcome): void {
    this.#end(slot, outcome);
    if (this.#flushComing || this.#pumpComing) return;
    this.#flushComing = true;
    this.#options.turns.run(() => this.flush());
  }
}

/** Attempts that have ended and were not given back yet. */
class EndedAttempts {
  /** The number of attempts that were taken and have not ended. */
  toCome = 0;
  readonly #slots: Slots;
  readonly #post: HostOptions["post"];
  #outcomes = noOutcomes();

  constructor(slots: Slots, post: HostOptions["post"]) {
    this.#slots = slots;
    this.#post = post;
  }

  get count(): number {
    return this.#outcomes.slots.length;
  }

  end(slot: number, outcome: NodeOutcome | UnknownHandler): void {
    Atomics.store(this.#slots.states, slot, SlotState.ENDED);
    if (outcome.type === "completed") this.add(slot, OutcomeKind.completed, outcome.output);
    else if (outcome.type === "failed") this.add(slot, OutcomeKind.failed, JSON.stringify(outcome.failure));
    else this.add(slot, OutcomeKind.unknown, "");
  }

  add(slot: number, kind: number, text: string): void {
    this.toCome -= 1;
    this.#outcomes.slots.push(slot);
    this.#outcomes.kinds.push(kind);
    this.#outcomes.texts.push(text);
  }

  giveBack(): void {
    if (this.count === 0) return;
    const full = this.#outcomes;
    this.#outcomes = noOutcomes();
    this.#post(full);
  }
}

/** The heartbeat, which tells the pool that nothing blocks this host. */
class Heart {
  readonly #options: HostOptions;
  readonly #ended: EndedAttempts;
  #isBeating = false;

  constructor(options: HostOptions, ended: EndedAttempts) {
    this.#options = options;
    this.#ended = ended;
  }

  beat(): void {
    Atomics.add(this.#options.slots.beat, 0, 1);
  }

  keepBeating(): void {
    const { clock, beatMs } = this.#options;
    if (beatMs === null || this.#isBeating || this.#ended.toCome === 0) return;
    this.#isBeating = true;
    clock.after(beatMs, () => {
      this.#isBeating = false;
      this.beat();
      this.keepBeating();
    });
  }
}

/** The context of a running attempt. Its signal is made when it is first asked for. */
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

/** Runs an attempt. RunAttempt promises never to throw; if it does, its attempt fails and nothing else. */
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

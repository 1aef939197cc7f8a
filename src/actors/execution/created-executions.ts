/**
 * Executions that were created here and that no supervisor has taken up yet: their supervisor need not read back what was just written.
 */
import type { Clock } from "../../env/clock.ts";
import { BoundedCache } from "../../env/bounded-cache.ts";
import { encode } from "../../store/codec/codec.ts";
import { type LargeText, largeKey, type NewExecution } from "../../store/store.ts";
import { evolve } from "../../workflow/execution/evolve.ts";
import type { Plan } from "../../workflow/plan/plan.ts";
import type { WorkflowEvent } from "../../workflow/execution/messages.ts";
import { type ExecutionState, initialState } from "../../workflow/execution/state.ts";
import type { LargeTexts } from "../../store/large-texts.ts";
import { summaryOf } from "./summary.ts";
import type { OwnedLane } from "../../cluster/owned-lane.ts";

/** A request to create. `params`: JSON text of an object, or null. `admitted`: there is room to run it now. */
export type CreationRequest = {
  readonly id: string;
  readonly definition: { readonly text: string; readonly hash: string; readonly plan: Plan };
  /** The trigger in the same commit; null: somebody triggers it later, perhaps. */
  readonly trigger: { readonly params: string | null; readonly admitted: boolean } | null;
  readonly bodyHash: string;
};

/** A new execution. `execution`: what the store gets. `state`: the same, folded. */
export type CreatedExecution = { readonly execution: NewExecution; readonly state: ExecutionState; readonly params: string | null };

/** The approximate characters of executions that wait for a trigger. Those that are dropped must be read then. */
const COST_MAX = 32 * 1024 * 1024;
const COST_EACH = 1_024;
const COST_A_NODE = 50;

export class CreatedExecutions {
  readonly #clock: Clock;
  readonly #largeTexts: LargeTexts;
  /**
   * Executions that are made, and not known to be in the store yet: by the time that this is known, they may have been found there and gone
   * on.
   */
  readonly #coming = new Set<string>();
  readonly #kept = new BoundedCache<{ readonly createdExecution: CreatedExecution; readonly ownedLane: OwnedLane }>(COST_MAX);

  constructor(clock: Clock, largeTexts: LargeTexts) {
    this.#clock = clock;
    this.#largeTexts = largeTexts;
  }

  /** Makes the first chunk, which is not written yet. `made` follows, whatever becomes of it. */
  make({ id, definition, trigger, bodyHash }: CreationRequest): CreatedExecution {
    this.#coming.add(id);
    const { plan, hash, text } = definition;
    const atMs = this.#clock.nowMs();
    const events: WorkflowEvent[] = [{ type: "ExecutionCreated", atMs, name: plan.name, definition: hash }];
    const large: LargeText[] = [];
    if (trigger !== null) {
      const split = trigger.params === null ? null : this.#largeTexts.split(largeKey.params, trigger.params);
      if (split !== null && split.apart !== null) large.push(split.apart);
      events.push({ type: "ExecutionTriggered", atMs, params: split === null ? null : split.text });
      if (trigger.admitted) events.push({ type: "ExecutionStarted", atMs });
    }
    const state = initialState(plan);
    for (const event of events) evolve(state, event);
    const execution = {
      summary: summaryOf(id, state, hash),
      chunk: { from: 1, to: events.length, text: encode(events, plan) },
      definitionText: text,
      large,
      bodyHash,
    };
    return { execution, state, params: trigger?.params ?? null };
  }

  /** Notes that what was made is kept, or never will be. */
  made(id: string): void {
    this.#coming.delete(id);
  }

  /**
   * Keeps an execution that the store has, written under this lease or before anybody could have known of it elsewhere. Does nothing if its
   * supervisor was started before: it is not at its beginning any more.
   */
  keep(createdExecution: CreatedExecution, ownedLane: OwnedLane): void {
    const { execution, state, params } = createdExecution;
    if (!this.#coming.has(execution.summary.id)) return;
    for (const each of execution.large) this.#largeTexts.keep(execution.summary.id, each);
    // Its plan may belong to this execution alone. It is about as long as the definition's text, which nobody needs any more.
    const cost = COST_EACH + COST_A_NODE * state.plan.ids.length + execution.definitionText.length + (params?.length ?? 0);
    const kept: CreatedExecution = { ...createdExecution, execution: { ...execution, definitionText: "" } };
    this.#kept.set(execution.summary.id, { createdExecution: kept, ownedLane }, cost);
  }

  /** Whether it was created while the lane was owned as it is now, and nothing has happened to it since. */
  has(id: string, ownedLane: OwnedLane | null): boolean {
    return ownedLane !== null && this.#kept.peek(id)?.ownedLane === ownedLane;
  }

  /** Drops an execution that the store says is triggered: what was created here without a trigger is outdated and must be read. */
  triggeredElsewhere(id: string): void {
    if (this.#kept.peek(id)?.createdExecution.execution.summary.triggeredAtMs === null) this.#kept.delete(id);
  }

  /** Takes an execution for its supervisor, once; null if it must be read. What has been another instance's meanwhile is read anew. */
  take(id: string, ownedLane: OwnedLane): CreatedExecution | null {
    this.#coming.delete(id);
    const kept = this.#kept.peek(id);
    if (kept === undefined) return null;
    this.#kept.delete(id);
    return kept.ownedLane === ownedLane ? kept.createdExecution : null;
  }
}

/**
 * What this instance runs for executions that are owned elsewhere: attempts that it claimed, and those that still ran
 * when their execution was handed over. Their outcomes become commands for the owner, each sent until the store has it.
 */
import type { Clock } from "../env/clock.ts";
import type { Attempt, Hands, Outcome, Pool } from "../pool/pool.ts";
import type { LaneCommand } from "../store/shared-store.ts";
import type { NodeIndex } from "../workflow/messages.ts";
import { packBody } from "./stored-command.ts";

export type Errands = {
  /** What of this execution is in hand goes on for its new owner. */
  keep(execution: ExecutionName): void;
  /** Runs an attempt that was claimed. */
  run(execution: ExecutionName, attempt: Attempt): void;
  /** The execution is owned here from now on: its supervisor attaches next. */
  yield(executionId: string): void;
  /** Nobody wants it any more: what runs is aborted, and no outcome is sent. */
  discard(execution: ExecutionName): void;
  /** Resolves when no outcome waits to be stored. */
  idle(): Promise<void>;
};

export type ExecutionName = { readonly id: string; readonly name: string };

export type ErrandsOptions = {
  readonly pool: Pool;
  readonly bootId: string;
  readonly clock: Clock;
  /** Rejects where the store is away. */
  readonly send: (command: LaneCommand) => Promise<unknown>;
};

type Errand = { readonly hands: Hands; wanted: boolean };

const AGAIN = { firstMs: 50, longestMs: 2_000 };

export function createErrands({ pool, bootId, clock, send }: ErrandsOptions): Errands {
  const errands = new Map<string, Errand>();
  const whenIdle: (() => void)[] = [];
  let sending = 0;

  function errandFor(execution: ExecutionName): Errand {
    const known = errands.get(execution.id);
    if (known !== undefined) return known;
    const errand: Errand = {
      wanted: true,
      hands: pool.attach(execution, {
        // Its start is recorded, by the hand-over or by the claim.
        began: () => undefined,
        ended: (node, attempt, beganAtMs, outcome) => void ended(execution.id, errand, node, attempt, beganAtMs, outcome),
        returned: () => leaveIfDone(execution.id, errand),
      }),
    };
    errands.set(execution.id, errand);
    return errand;
  }

  async function ended(id: string, errand: Errand, node: NodeIndex, attempt: number, beganAtMs: number, outcome: Outcome): Promise<void> {
    if (errand.wanted) {
      sending += 1;
      const command = {
        id: `outcome/${id}/${node}/${attempt}/${bootId}`,
        execution: id,
        body: packBody({ type: "outcome", node, attempt, beganAtMs, outcome }),
      };
      await sent(id, errand, command);
      sending -= 1;
    }
    // Whoever attached after us was told of it too, and settles it.
    if (errands.get(id) === errand) {
      errand.hands.settle(node, attempt);
      leaveIfDone(id, errand);
    }
    if (sending === 0) for (const resolve of whenIdle.splice(0)) resolve();
  }

  /** Resolves when the store has it, or nobody wants it any more. */
  async function sent(id: string, errand: Errand, command: LaneCommand): Promise<void> {
    for (let delayMs = AGAIN.firstMs; errand.wanted && errands.get(id) === errand; delayMs = Math.min(AGAIN.longestMs, delayMs * 2)) {
      try {
        await send(command);
        return;
      } catch {
        // The store is away: the outcome waits here until it is back.
        await new Promise<void>((resolve) => clock.after(delayMs, resolve));
      }
    }
  }

  function leaveIfDone(id: string, errand: Errand): void {
    if (errand.hands.size > 0 || errands.get(id) !== errand) return;
    errands.delete(id);
    errand.hands.detach();
  }

  return {
    keep(execution) {
      leaveIfDone(execution.id, errandFor(execution));
    },
    run(execution, attempt) {
      errandFor(execution).hands.start(attempt);
    },
    yield(executionId) {
      const errand = errands.get(executionId);
      if (errand === undefined) return;
      errands.delete(executionId);
      errand.hands.detach();
    },
    discard(execution) {
      const errand = errandFor(execution);
      errand.wanted = false;
      errand.hands.takeBack();
      errand.hands.abort("Another instance owns this execution.");
      leaveIfDone(execution.id, errand);
    },
    idle: () => (sending === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
  };
}

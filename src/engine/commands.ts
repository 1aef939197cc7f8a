/** A trigger finds the execution's supervisor, here or at another instance, and comes back with the truth. */
import type { Supervisors } from "../actors/supervisors.ts";
import type { Ownership } from "../cluster/ownership.ts";
import { type TriggerResult, unavailable } from "./answers.ts";
import type { EngineLanes } from "./lane-work.ts";
import type { RemoteTriggers } from "../cluster/commands/remote-commands.ts";
import type { Clock } from "../env/clock.ts";
import { type Store, StoreUnavailable } from "../store/store.ts";
import type { Receipt } from "../cluster/commands/receipt.ts";

export type Triggers = {
  /** `params`: JSON text of an object, or null. Resolves when the trigger is durable, or cannot be for now. */
  trigger(id: string, params: string | null): Promise<TriggerResult>;
};

export type TriggersOptions = {
  readonly store: Store;
  readonly supervisors: Supervisors;
  readonly ownership: Ownership;
  readonly lanes: Pick<EngineLanes, "isOwned">;
  /** Null where an instance is alone. */
  readonly remote: RemoteTriggers | null;
  readonly clock: Clock;
};

const DEADLINE_MS = 10_000;
const STORE_AWAY_MS = 2_000;
const STORE_LOOK_MS = 500;

export function createTriggers({ store, supervisors, ownership, lanes, remote, clock }: TriggersOptions): Triggers {
  async function trigger(id: string, params: string | null): Promise<TriggerResult> {
    const lane = store.laneOf(id);
    const owned = lanes.isOwned(lane);
    const trouble = owned ? (blockedReason(lane) ?? ownership.obstacle) : ownership.storeTrouble;
    if (trouble !== null) return unavailable(trouble);
    try {
      if (!owned || !supervisors.knows(id)) {
        const summary = await store.summary(id);
        if (summary === null) return { type: "not_found" };
        if (summary.triggeredAtMs !== null) return { type: "already", status: summary.status };
      }
      const receipt = owned ? await ask(id, lane, params) : MOVED;
      if (receipt.type !== "moved") return resultOf(receipt);
      if (remote === null) return unavailable("Another instance owns this execution.");
      const answer = await remote.trigger(id, params);
      return answer.type === "queued" ? answer : resultOf(answer);
    } catch (error) {
      if (error instanceof StoreUnavailable) return unavailable(error.message);
      throw error;
    }
  }

  function blockedReason(lane: number): string | null {
    return ownership.ownedLaneOf(lane)?.committer.blockedReason ?? null;
  }

  /** Nothing is written until the lease is taken again. */
  function lapsed(lane: number): string | null {
    return ownership.ownedLaneOf(lane)?.trusted() === false ? "The lease of this execution's lane has lapsed." : null;
  }

  function ask(id: string, lane: number, params: string | null): Promise<Receipt> {
    return new Promise((resolve) => {
      const answer = (receipt: Receipt): void => {
        cancelAway();
        cancelDeadline();
        resolve(receipt);
      };
      let cancelAway = clock.after(STORE_AWAY_MS, function look() {
        const reason = blockedReason(lane) ?? lapsed(lane);
        if (reason !== null) answer({ type: "unavailable", reason });
        else cancelAway = clock.after(STORE_LOOK_MS, look);
      });
      const cancelDeadline = clock.after(DEADLINE_MS, () =>
        answer({ type: "unavailable", reason: "The trigger was not answered in time." }),
      );
      const told = supervisors.system.tell(id, { type: "Ask", params, reply: answer });
      if (!told) answer({ type: "unavailable", reason: "The execution takes no more commands now." });
    });
  }

  return { trigger };
}

const MOVED: Receipt = { type: "moved" };

function resultOf(receipt: Receipt): TriggerResult {
  switch (receipt.type) {
    case "done":
      return { type: "triggered" };
    case "rejected":
      return { type: "already", status: receipt.rejection.status };
    case "unknown":
      return { type: "not_found" };
    case "moved":
      return unavailable("The execution is on its way to another instance.");
    case "unavailable":
      return unavailable(receipt.reason);
  }
}

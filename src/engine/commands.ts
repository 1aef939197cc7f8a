/** The one path of every command: to the execution's supervisor, here or at another instance, and back with what was recorded. */
import type { Supervisors } from "../actors/supervisors.ts";
import type { Answer } from "../cluster/commands/receipt.ts";
import type { RemoteCommands } from "../cluster/commands/remote-commands.ts";
import type { Ownership } from "../cluster/ownership.ts";
import type { Clock } from "../env/clock.ts";
import { type Store, StoreUnavailable } from "../store/store.ts";
import type { ClientCommand } from "../workflow/execution/client-commands.ts";
import { rejectionOf } from "../workflow/execution/decide.ts";
import { type CommandAnswer, unavailable } from "./answers.ts";
import type { EngineLanes } from "./lane-work.ts";

export type CommandPath = {
  /** Resolves when the answer is durable, or cannot be for now. */
  command(executionId: string, command: ClientCommand): Promise<CommandAnswer>;
};

export type CommandPathOptions = {
  readonly store: Store;
  readonly supervisors: Supervisors;
  readonly ownership: Ownership;
  readonly lanes: Pick<EngineLanes, "isOwned">;
  /** Commands for other instances; null if an instance is alone. */
  readonly remote: RemoteCommands | null;
  readonly clock: Clock;
};

const DEADLINE_MS = 10_000;
const STORE_AWAY_MS = 2_000;
const STORE_LOOK_MS = 500;

export function openCommandPath({ store, supervisors, ownership, lanes, remote, clock }: CommandPathOptions): CommandPath {
  async function command(id: string, wanted: ClientCommand): Promise<CommandAnswer> {
    const lane = store.laneOf(id);
    const owned = lanes.isOwned(lane);
    const trouble = owned ? (blockedReason(lane) ?? ownership.obstacle) : ownership.storeTrouble;
    if (trouble !== null) return unavailable(trouble);
    try {
      if (!owned || !supervisors.knows(id)) {
        const summary = await store.summary(id);
        if (summary === null) return { type: "unknown" };
        const rejected = rejectionOf(summary, wanted);
        if (rejected !== null) return rejected;
      }
      const answer = owned ? await ask(id, lane, wanted) : MOVED;
      if (answer.type === "unavailable") return unavailable(answer.reason);
      if (answer.type !== "moved") return answer;
      return remote === null ? unavailable("Another instance owns this execution.") : await remote.send(id, wanted);
    } catch (error) {
      if (error instanceof StoreUnavailable) return unavailable(error.message);
      throw error;
    }
  }

  function blockedReason(lane: number): string | null {
    return ownership.ownedLaneOf(lane)?.committer.blockedReason ?? null;
  }

  /** The reason if the lease has lapsed: nothing is written until it is taken again. */
  function lapsed(lane: number): string | null {
    return ownership.ownedLaneOf(lane)?.trusted() === false ? "The lease of this execution's lane has lapsed." : null;
  }

  function ask(id: string, lane: number, wanted: ClientCommand): Promise<Answer> {
    return new Promise((resolve) => {
      const answer = (its: Answer): void => {
        cancelAway();
        cancelDeadline();
        resolve(its);
      };
      let cancelAway = clock.after(STORE_AWAY_MS, function look() {
        const reason = blockedReason(lane) ?? lapsed(lane);
        if (reason !== null) answer({ type: "unavailable", reason });
        else cancelAway = clock.after(STORE_LOOK_MS, look);
      });
      const cancelDeadline = clock.after(DEADLINE_MS, () =>
        answer({ type: "unavailable", reason: `The ${wanted.type.toLowerCase()} was not answered in time.` }),
      );
      const told = supervisors.system.tell(id, { type: "Command", id: null, command: wanted, answer });
      if (!told) answer({ type: "unavailable", reason: "The execution takes no more commands now." });
    });
  }

  return { command };
}

const MOVED: Answer = { type: "moved" };

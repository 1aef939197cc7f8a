/** Commands for executions that another instance owns: they are stored for it, and its receipt answers them. */
import { packCommand } from "./stored-command.ts";
import type { Doorbell } from "../../bus/doorbell.ts";
import type { Clock } from "../../env/clock.ts";
import type { Ids } from "../../env/ids.ts";
import type { LongJson } from "../../workflow/json/long-json.ts";
import type { SharedStore } from "../../store/shared-store.ts";
import { StoreUnavailable } from "../../store/store.ts";
import type { ClientCommand, Receipt } from "../../workflow/execution/client-commands.ts";
import { readReceipt } from "./receipt.ts";

/** The owner has not answered yet, or is of a newer build and has answered in words that this one does not know. */
export type Queued = { readonly type: "queued"; readonly commandId: string };

export type RemoteCommands = {
  /**
   * Sends a command and waits a while for the owner's answer. Without one, the command stays stored and its id is the answer. Rejects with
   * StoreUnavailable.
   */
  send(executionId: string, command: ClientCommand): Promise<Receipt | Queued>;
};

/** The time that a client waits for the owner. */
const ANSWER_WITHIN_MS = 2_000;
/** The period of questions, which find what a lost ring did not tell. */
const ASK_EVERY_MS = 250;

export function createRemoteCommands(options: {
  readonly store: SharedStore;
  readonly json: LongJson;
  readonly doorbell: Doorbell;
  readonly clock: Clock;
  readonly ids: Ids;
}): RemoteCommands {
  const { store, json, doorbell, clock, ids } = options;
  const waiting = new Map<string, () => void>();
  doorbell.listen((ring) => {
    if (ring.type === "answered") for (const command of ring.commands) waiting.get(command)?.();
  });

  /** Resolves with the next ring for this command, or when it is time to ask. */
  function nextLook(commandId: string, withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        cancel();
        waiting.delete(commandId);
        resolve();
      };
      const cancel = clock.after(withinMs, look);
      waiting.set(commandId, look);
    });
  }

  return {
    async send(executionId, command) {
      const commandId = ids.next();
      const endMs = clock.nowMs() + ANSWER_WITHIN_MS;
      const sent = await store.send({ id: commandId, execution: executionId, body: await packCommand(command, json) });
      const queued: Queued = { type: "queued", commandId };
      if (sent.type === "answered") return readReceipt(sent.receipt) ?? queued;
      doorbell.ring({ type: "commands", lane: store.laneOf(executionId) });
      for (let leftMs = endMs - clock.nowMs(); leftMs > 0; leftMs = endMs - clock.nowMs()) {
        await nextLook(commandId, Math.min(leftMs, ASK_EVERY_MS));
        try {
          const receipt = await store.receiptOf(executionId, commandId);
          if (receipt !== null) return readReceipt(receipt) ?? queued;
        } catch (error) {
          // The command is stored. A store that is away now only keeps the answer from us.
          if (!(error instanceof StoreUnavailable)) throw error;
        }
      }
      return queued;
    },
  };
}

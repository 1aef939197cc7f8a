/** A message told to an actor and received, in batches of as many as a frame of outcomes holds, through the event loop's own turns. */
import { Workload } from "../../src/actors/system/workload.ts";
import { Mailbox } from "../../src/actors/system/mailbox.ts";
import { systemTurns } from "../../src/env/turns.ts";
import { type Micro, nsOf } from "./timing.ts";

const BATCH = 512;

export function mailbox(): Micro {
  let received: () => void = () => undefined;
  const reader = {
    receive: async (batch: readonly { readonly node: number }[]) => {
      if (batch.length !== BATCH) throw new Error(`A batch of ${batch.length}: what was told in one turn is one batch of ${BATCH}.`);
    },
    rested: () => received(),
    crashed: (error: unknown) => {
      throw error;
    },
  };
  const box = new Mailbox(reader, { turns: systemTurns, limit: BATCH, workload: new Workload() });
  box.open();
  const act = (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    received = resolve;
    for (let node = 0; node < BATCH; node++) if (!box.tell({ node })) throw new Error("The mailbox is full.");
    return promise;
  };
  return { ns: async () => (await nsOf(act)) / BATCH };
}

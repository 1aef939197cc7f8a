/**
 * A handler of your own: copy this file into ./handlers (or the folder in APP_HANDLERS_DIR) and restart. A node uses it by name:
 *
 *     { "id": "charge", "handler": "charge_card", "dependencies": ["cart"], "config": { "card": "{{ params.card }}", "cents": "{{ cart.total }}" } }
 */
import { defineHandler, HandlerError } from "troupe";
import * as v from "valibot";

export default defineHandler({
  name: "charge_card",
  // Checked after the templates are filled in: what does not fit fails the node, with the name of the field.
  config: v.object({ card: v.string(), cents: v.pipe(v.number(), v.integer(), v.minValue(1)) }),

  async run({ card, cents }, { idempotencyKey, attempt, signal, log }) {
    // A node may run again after a crash. A payment service that is given this key charges once all the same.
    const payment = await charge({ card, cents, key: idempotencyKey, signal });
    // A HandlerError says whether to try again; whatever else is thrown is tried again as the node's `retry` says.
    if (payment === "declined") throw new HandlerError("card_declined", { message: "The card was declined.", retryable: false });
    log.info("The card was charged.", { cents, attempt });
    // Whatever is returned must be JSON: it is the node's output, and `{{ charge.receipt }}` finds it.
    return { receipt: `${idempotencyKey}:${cents}`, cents };
  },
});

type Charge = { readonly card: string; readonly cents: number; readonly key: string; readonly signal: AbortSignal };

/** Stands for a call such as `fetch("https://payments.example", { signal, headers: { "Idempotency-Key": key } })`. */
async function charge({ card, signal }: Charge): Promise<"paid" | "declined"> {
  signal.throwIfAborted();
  return card.endsWith("0000") ? "declined" : "paid";
}

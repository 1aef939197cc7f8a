/** A chunk of 1,000 outcomes as text and back, for each event. */
import { do_not_optimize as used } from "mitata";
import { decode, encode } from "../../src/store/codec/codec.ts";
import type { WorkflowEvent } from "../../src/workflow/execution/messages.ts";
import { fanOutPlan } from "./definitions.ts";
import { type Micro, nsOf } from "./timing.ts";

const EVENTS = 1_000;
const NOW_MS = 1_763_700_000_000;

export function codecEncode(): Micro {
  const plan = fanOutPlan(EVENTS);
  const events = outcomes();
  return { ns: async () => (await nsOf(() => used(encode(events, plan)))) / EVENTS };
}

export function codecDecode(): Micro {
  const plan = fanOutPlan(EVENTS);
  const text = encode(outcomes(), plan);
  return { ns: async () => (await nsOf(() => decode(text, plan, used))) / EVENTS };
}

/** As a batch brings them: most began in the same few milliseconds. */
function outcomes(): WorkflowEvent[] {
  return Array.from({ length: EVENTS }, (_, at) => ({
    type: "AttemptCompleted",
    node: at + 1,
    attempt: 1,
    beganAtMs: NOW_MS + (at >> 8),
    atMs: NOW_MS + 10,
    output: "null",
  }));
}

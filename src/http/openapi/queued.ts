/** The answer to a command that is stored for another instance, which has not answered yet. */
import * as v from "valibot";
import { SAMPLE } from "./sample.ts";
import { executionId } from "./shapes.ts";

const schema = v.object({ execution_id: executionId, status: v.literal("accepted"), command_id: v.string(), message: v.string() });

/** The description. `queued`: the sentence of the answer, without its full stop. */
export function queuedDescription(queued: string) {
  const command_id = "0193a1f4-7000-7d5e-8f00-1a2b3c4d5e6f";
  return {
    schema,
    examples: { queued: { execution_id: SAMPLE.id, status: "accepted", command_id, message: `${queued}.` } },
    description: "The command is stored, and the instance that owns the execution has not answered yet.",
  } as const;
}

/** One subject in a process of its own, which does a round whenever it is told to. */
import type { Measured, ServicesOfRun, Subject, Variant } from "./case.ts";
import { caseOf } from "./cases.ts";

/** The first message to the process, then `"round"` for each round. */
export type Start = { readonly case: string; readonly variant: Variant; readonly services: ServicesOfRun };
/** What it answers. */
export type Said =
  | { readonly type: "ready" }
  | { readonly type: "measured"; readonly measured: Measured }
  | { readonly type: "failed"; readonly reason: string };

let subject: Subject | null = null;

process.on("message", (message: Start | "round" | "stop") => void hear(message));
// Whoever started it is gone: nobody wants its figures.
process.on("disconnect", () => process.exit(1));

async function hear(message: Start | "round" | "stop"): Promise<void> {
  try {
    if (message === "stop") {
      await subject?.stop();
      process.exit(0);
    }
    if (message === "round") {
      if (subject === null) throw new Error("A round was asked for before the start.");
      say({ type: "measured", measured: await subject.round() });
      return;
    }
    subject = await (await caseOf(message.case)).start(message.variant, message.services);
    say({ type: "ready" });
  } catch (error) {
    say({ type: "failed", reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

function say(said: Said): void {
  process.send?.(said);
}

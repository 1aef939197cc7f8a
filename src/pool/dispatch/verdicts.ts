/** The outcome of an attempt whose host, or whose time, has ended. */
import type { Failure } from "../../workflow/execution/failure.ts";
import type { Entry } from "./entry.ts";
import type { Outcome } from "../pool.ts";
import type { Remains } from "./host-handle.ts";
import { OutcomeKind } from "../wire/work.ts";

/** The outcome of an attempt that cannot be the culprit, so it is not counted. */
const LOST: Outcome = { type: "lost", death: false };
/** The outcome of an attempt that may have killed its host. */
const LOST_BY_DEATH: Outcome = { type: "lost", death: true };

/** The outcome that a host reported, unpacked. An attempt that it gave back without running it is lost, and runs again where it can. */
export function outcomeOf(kind: number, text: string): Outcome {
  switch (kind) {
    case OutcomeKind.completed:
      return { type: "completed", output: text };
    case OutcomeKind.failed:
      return { type: "failed", failure: JSON.parse(text) as Failure };
    default:
      return LOST;
  }
}

/**
 * The outcome that counts: what the host reported, unless the attempt's time was up before. Then it failed by that, whatever came later.
 */
export function verdictOf(entry: Entry, said: Outcome): Outcome {
  return entry.stop?.cause === "timeout" ? timedOut(entry) : said;
}

/** The outcome of what was in a host that the pool itself ended. */
export function verdictAtEnd({ entry, stood }: Remains): Outcome {
  return stood === "begun" ? verdictOf(entry, LOST) : LOST;
}

/** The outcome of what was in a host that died by itself. `alone`: in a child process, with nothing else begun. */
export function verdictAtDeath({ stood }: Remains, alone: boolean, reason: string): Outcome {
  if (stood !== "begun") return LOST;
  return alone ? poisoned(reason) : LOST_BY_DEATH;
}

function timedOut(entry: Entry): Outcome {
  const message = `The attempt did not end within its timeout of ${entry.attempt.timeoutMs} ms.`;
  return { type: "failed", failure: { kind: "timeout", code: "timeout", message, retryable: true } };
}

function poisoned(reason: string): Outcome {
  const message = `The attempt ran alone in a process of its own, and that process died: ${reason}.`;
  return { type: "failed", failure: { kind: "poison", code: "poison", message, retryable: false } };
}

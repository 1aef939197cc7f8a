/** Log lines of a pool: what became of attempts that their own threads cannot report. */
import type { Entry } from "./entry.ts";
import type { Outcome, Report } from "../pool.ts";
import type { Remains } from "./host-handle.ts";

/** The number of attempts that a line about a death names. */
const NAMED_MAX = 20;

/** Reports a failure by a timeout, or by the death of a child process. Other failures are reported by the thread that ran the attempt. */
export function reportFailure(report: Report, { attempt: { nodeId, attempt, handler }, table }: Entry, outcome: Outcome): void {
  if (outcome.type !== "failed") return;
  const { kind, code, message } = outcome.failure;
  if (kind !== "timeout" && kind !== "poison") return;
  report("An attempt failed.", { execution: table.execution.id, node: nodeId, attempt, handler, code, error: message });
}

/** Reports what died (`what`), and what had begun there. */
export function reportDeath(report: Report, what: string, reason: string, running: readonly Remains[]): void {
  const attempts = running.slice(0, NAMED_MAX).map(({ entry }) => nameOf(entry));
  report(`A ${what} died (${reason}) with ${running.length} attempts begun.`, attempts.length === 0 ? {} : { attempts });
}

function nameOf({ attempt: { nodeId, attempt, handler }, table }: Entry): string {
  return `${table.execution.id}/${nodeId}/${attempt} (${handler})`;
}

/**
 * The move from one machine to several: what a file of one instance holds goes to the store that instances share, with executions in
 * flight. An execution is first marked in the file, then copied whole, then deleted there. A marked execution is never run from the file
 * again, only copied at the next start, so it runs in one place at any time.
 */
import type { Log } from "../env/log/log.ts";
import type { ExecutionStatus } from "../workflow/execution/status.ts";
import { extensionOf, otherId, relationOf } from "./same-request.ts";
import type { SharedStore } from "./shared-store.ts";
import type { Chunk, EarlierChunk, LargeText, NewExecution, Store, StoredExecution } from "./store.ts";
import { encodeOwnerDied } from "./codec/codec.ts";

/** A store whose executions can be moved to another one. */
export interface LeavableStore extends Store {
  /** Marks everything that is not closed. Resolves with the ids of everything that is marked. */
  markMoving(): Promise<readonly string[]>;
  largeTextsOf(executionId: string): Promise<readonly LargeText[]>;
  /** Deletes an execution that the other store has. */
  moved(executionId: string): Promise<void>;
}

/** The destination. */
export type NewHome = Pick<SharedStore, "create" | "load" | "extend">;

export type Moving = {
  readonly from: LeavableStore;
  readonly to: NewHome;
  /** The boot id of this process. */
  readonly bootId: string;
  readonly nowMs: number;
  readonly log: Log;
};

/** Moves executions and resolves with their number. Rejects with StoreUnavailable; what is left is moved at the next start. */
export async function moveExecutions({ from, to, bootId, nowMs, log }: Moving): Promise<number> {
  const ids = await from.markMoving();
  if (ids.length === 0) return 0;
  const { diedBootId } = await from.acquire(0, bootId);
  log.info("The executions of the local file are moved to Redis.", { executions: ids.length });
  for (const id of ids) {
    const found = await from.load(id);
    if (found !== null) await bring(found, await wholeOf(from, found, diedBootId, nowMs), to, log);
    await from.moved(id);
  }
  return ids.length;
}

/** Moves one execution. `found`: as the file holds it. Resolves when nothing of it is in the file only. */
async function bring(found: StoredExecution, whole: NewExecution, to: NewHome, log: Log): Promise<void> {
  const { id } = whole.summary;
  for (;;) {
    const [answer] = await to.create([whole]);
    if (answer === "created") return;
    const there = await to.load(id);
    // It was deleted meanwhile.
    if (there === null) continue;
    const relation = answer === "differs" ? "another" : relationOf(found, there);
    if (relation === "same") return;
    if (relation === "goes on") {
      // False: it was triggered meanwhile, or a call whose answer was lost has done this.
      if (!(await to.extend(extensionOf(whole, there)))) continue;
      return log.warn(
        "An execution of the local file was also created in Redis, but never triggered there: it goes on with the file's history.",
        {
          execution: id,
        },
      );
    }
    const other = otherId(found);
    await to.create([{ ...whole, summary: { ...whole.summary, id: other } }]);
    return log.error("An execution of the local file has the id of another one in Redis: both are kept, and the file's gets another id.", {
      execution: id,
      otherId: other,
      reason: "The same Idempotency-Key was used at instances that ran alone.",
    });
  }
}

/** The whole execution. A death of its last owner is recorded in its log, because the lane's lease cannot tell it. */
async function wholeOf(from: LeavableStore, stored: StoredExecution, diedBootId: string | null, nowMs: number): Promise<NewExecution> {
  const { summary, chunks, definitionText, bodyHash } = stored;
  const { id } = summary;
  const large = await from.largeTextsOf(id);
  const last = chunks.at(-1);
  if (last === undefined) throw new Error(`The file holds no events of execution ${id}.`);
  if (diedBootId === null || summary.startedAtMs === null) {
    return { summary, chunk: last, earlier: withStatus(chunks.slice(0, -1)), definitionText, large, bodyHash };
  }
  const sequence = summary.sequence + 1;
  const chunk = { from: sequence, to: sequence, text: encodeOwnerDied(nowMs, diedBootId) };
  return { summary: { ...summary, sequence, updatedAtMs: nowMs }, chunk, earlier: withStatus(chunks), definitionText, large, bodyHash };
}

/** Lines of chunks that change the status: every event that does must stand here. Each begins with its event's word (docs/events.md). */
const CHANGES = /^\[{1,2}"(?:(started|paused|resumed)"|finished",\d+,"(\w+)")/gm;

/** The chunks of a history from its beginning, each with the status after it. */
function withStatus(chunks: readonly Chunk[]): readonly EarlierChunk[] {
  let status: ExecutionStatus = "PENDING";
  let isStarted = false;
  return chunks.map((chunk) => {
    for (const [, word, end] of chunk.text.matchAll(CHANGES)) {
      isStarted ||= word === "started";
      status = word === "paused" ? "PAUSED" : ((end as ExecutionStatus | undefined) ?? (isStarted ? "RUNNING" : "PENDING"));
    }
    return { ...chunk, status };
  });
}

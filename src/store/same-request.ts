/**
 * An execution under the same id in two stores. An Idempotency-Key gives its id, so instances that run alone may both have created it. This
 * file is pure: it says whether one history is the other's, and how both are kept.
 */
import { derivedId } from "../env/ids.ts";
import type { Extension } from "./shared-store.ts";
import type { Chunk, NewExecution, StoredExecution } from "./store.ts";

/**
 * The relation of what one store has to what the other has, by the same request. `same`: it has nothing that is not there, because it came
 * from here before or was never triggered. `goes on`: there it was created and never triggered. `another`: both have a history of their
 * own.
 */
export function relationOf(found: StoredExecution, there: StoredExecution): "same" | "goes on" | "another" {
  const [mine, its] = [afterCreation(found), afterCreation(there)];
  if (mine === null || its === null) return isBeginning(found.chunks, there.chunks) ? "same" : "another";
  if (isBeginning(mine, its)) return "same";
  return its.length === 0 ? "goes on" : "another";
}

/** The part that is written behind the creation that is there. That creation stays, because others have seen it. */
export function extensionOf({ summary, earlier = [], chunk, large }: NewExecution, there: StoredExecution): Extension {
  const { status } = summary;
  return { summary: { ...summary, createdAtMs: there.summary.createdAtMs }, chunks: [...earlier.slice(1), { ...chunk, status }], large };
}

/** An id that is the same for the same history, so that an interrupted move brings it once. */
export function otherId({ summary, chunks }: StoredExecution): string {
  return derivedId("another history", summary.id, ...chunks.map(({ text }) => text));
}

/**
 * The chunks after the creation; null if the first chunk holds more than the creation. A creation by the same request differs only in its
 * time.
 */
function afterCreation({ chunks }: StoredExecution): readonly Chunk[] | null {
  return chunks[0]?.to === 1 ? chunks.slice(1) : null;
}

function isBeginning(mine: readonly Chunk[], its: readonly Chunk[]): boolean {
  return mine.every(({ from, to, text }, at) => its[at]?.from === from && its[at].to === to && its[at].text === text);
}

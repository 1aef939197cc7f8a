/**
 * An execution under the same id in two stores: an Idempotency-Key gives its id, so instances that run alone may both have
 * created it. Pure: whether one history is the other's, and how both are kept.
 */
import { derivedId } from "../env/ids.ts";
import type { Extension } from "./shared-store.ts";
import type { Chunk, NewExecution, StoredExecution } from "./store.ts";

/**
 * What is found in one store, beside what is there in the other, by the same request. `same`: nothing is in it that is not there;
 * it came from here before, or it was never triggered. `goes on`: there it was created and never triggered. `another`: both have
 * a history of their own.
 */
export function relationOf(found: StoredExecution, there: StoredExecution): "same" | "goes on" | "another" {
  const [mine, its] = [afterCreation(found), afterCreation(there)];
  if (mine === null || its === null) return isBeginning(found.chunks, there.chunks) ? "same" : "another";
  if (isBeginning(mine, its)) return "same";
  return its.length === 0 ? "goes on" : "another";
}

/** What is written behind the creation that is there: that one stays, since others have seen it. */
export function extensionOf({ summary, earlier = [], chunk, large }: NewExecution, there: StoredExecution): Extension {
  const { status } = summary;
  return { summary: { ...summary, createdAtMs: there.summary.createdAtMs }, chunks: [...earlier.slice(1), { ...chunk, status }], large };
}

/** The same for the same history, so that a move that is cut off brings it once. */
export function otherId({ summary, chunks }: StoredExecution): string {
  return derivedId("another history", summary.id, ...chunks.map(({ text }) => text));
}

/** Null where more than the creation is in the first chunk. A creation by the same request differs in nothing but its time. */
function afterCreation({ chunks }: StoredExecution): readonly Chunk[] | null {
  return chunks[0]?.to === 1 ? chunks.slice(1) : null;
}

function isBeginning(mine: readonly Chunk[], its: readonly Chunk[]): boolean {
  return mine.every(({ from, to, text }, at) => its[at]?.from === from && its[at].to === to && its[at].text === text);
}

/** A shared memory store that falls back to its past, as Redis may. */
import { refill } from "../../../src/store/memory/lane.ts";
import type { SharedMemoryFiles } from "../../../src/store/memory/shared-memory-store.ts";

/**
 * What lets the store fall back, once, to how it is now, as one that is restarted and has lost what it acknowledged last;
 * everybody who has it open is told.
 */
export function rememberPast(files: SharedMemoryFiles): () => void {
  const lanes = files.lanes.map((lane) => lane.past());
  const executions = [...files.executions].map(([id, kept]) => [id, copyOf(kept)] as const);
  const definitions = [...files.definitions].map(([hash, named]) => [hash, { ...named }] as const);
  const membersFallBack = files.members.past();
  return () => {
    membersFallBack();
    for (const fallBack of lanes) fallBack();
    refill(files.executions, executions);
    refill(files.definitions, definitions);
    for (const listener of [...files.onRestart]) listener(files.lanes.map(({ lane }) => lane));
  };
}

type Kept = SharedMemoryFiles["executions"] extends Map<string, infer Value> ? Value : never;

/** What is written to one is not written to the other. */
function copyOf(kept: Kept): Kept {
  return { ...kept, chunks: [...kept.chunks], large: kept.large && new Map(kept.large) };
}

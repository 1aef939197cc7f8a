/** The log of executions as the data folder has it, read after the server is gone: what was decided, whatever was answered. */
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { Home } from "./server.ts";

/** An event as the log keeps it: its word first, then what it holds, in order. */
export type Logged = readonly [word: string, ...rest: unknown[]];
export type Result = { readonly node: string; readonly attempt: number; readonly output: unknown };

/** The logs of these executions; an execution that is not there has none. Opening the folder also shows that nobody holds it. */
export async function logsOf(home: Home, ids: readonly string[]): Promise<ReadonlyMap<string, readonly Logged[]>> {
  const store = await openSqliteStore({ dataDir: home.dataDir });
  const logs = new Map<string, readonly Logged[]>();
  for (const id of ids) {
    const stored = await store.load(id);
    logs.set(id, stored?.chunks.flatMap(({ text }) => JSON.parse(text) as Logged[]) ?? []);
  }
  await store.close();
  return logs;
}

export function eventsOf(log: readonly Logged[], word: string): readonly Logged[] {
  return log.filter(([each]) => each === word);
}

/** Every result that was recorded, in order; outputs that are kept apart are undefined. */
export function resultsIn(log: readonly Logged[]): readonly Result[] {
  return eventsOf(log, "completed").map(([, node, attempt, , , , output]) => ({
    node: String(node),
    attempt: Number(attempt),
    output,
  }));
}

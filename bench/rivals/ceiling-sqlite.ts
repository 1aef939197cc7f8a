/** Chunks of events into SQLite, a transaction each, on this thread: what no log on it can be faster than. WAL and synchronous=FULL, as in the engine. */
import { Database } from "bun:sqlite";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ServicesOfRun, Subject } from "../case.ts";
import { CHUNK_EVENTS, packedEvents } from "./packed-events.ts";
import { timedRounds } from "./timed-rounds.ts";

const RUN_EVENTS = 12_000;
const RUN_COMMITS_MOST = 200;

/** `events`: of one transaction. */
export function sqliteCeiling(events = CHUNK_EVENTS, services: ServicesOfRun): Promise<Subject> {
  const parent = resolve(import.meta.dir, "../../data");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "bench-"));
  const db = new Database(join(folder, "raw.db"), { create: true });
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = FULL");
  db.run("PRAGMA wal_autocheckpoint = 4000");
  db.run("CREATE TABLE log (execution TEXT, last INTEGER, events TEXT, PRIMARY KEY (execution, last))");
  const append = db.query("INSERT INTO log VALUES (?, ?, ?)");
  const chunk = packedEvents(events);
  const commits = Math.min(RUN_COMMITS_MOST, Math.ceil(RUN_EVENTS / events));
  let execution = 0;
  return timedRounds({
    services,
    nodes: commits * events,
    run() {
      execution += 1;
      for (let commit = 0; commit < commits; commit++) append.run(String(execution), commit, chunk);
    },
    clean() {
      const found = db.query<{ count: number }, []>("SELECT count(*) AS count FROM log").get();
      if (found?.count !== execution * commits) throw new Error(`SQLite has ${found?.count} chunks of ${execution * commits}.`);
      db.run("DELETE FROM log");
      execution = 0;
    },
    measure: (ms) => ({ "nodes/s": ((commits * events) / ms) * 1_000 }),
    stop() {
      db.close();
      rmSync(folder, { recursive: true });
    },
  });
}

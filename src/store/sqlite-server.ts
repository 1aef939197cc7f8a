/** The inside of the SQLite thread: requests in, replies out, errors turned into what the main thread can act on. */
import type { Database } from "bun:sqlite";
import type { CallName, PackedCallName, Reply, Request, SqliteCalls, SqlitePackedCalls, Trouble } from "./sqlite-protocol.ts";
import { DataFolderFault } from "./sqlite-lock.ts";
import { SqliteReads } from "./sqlite-reads.ts";
import { HEAD_CELLS, unpackCommit, unpackNew } from "./sqlite-pack.ts";
import type { Cell } from "./sqlite-rows.ts";
import { openDatabase } from "./sqlite-schema.ts";
import { SqliteWrites } from "./sqlite-writes.ts";

/** Answers each request at once. Its first must be `open`. */
export function createSqliteServer(): (request: Request) => Reply {
  let opened: Opened | null = null;
  const the = (): Opened => {
    if (opened === null) throw new Error("The SQLite file is not open.");
    return opened;
  };
  const calls: SqliteCalls = {
    open({ file, textBytesMax, ...options }) {
      const db = openDatabase(file, options);
      opened = { db, reads: new SqliteReads(db), writes: new SqliteWrites(db, textBytesMax) };
      return null;
    },
    acquire: (lane, bootId) => the().writes.acquire(lane, bootId),
    load: (executionId) => the().reads.load(executionId),
    chunksAfter: (executionId, sequence) => the().reads.chunksAfter(executionId, sequence),
    summary: (executionId) => the().reads.summary(executionId),
    large: (executionId, keys) => the().reads.large(executionId, keys),
    list: (query) => the().reads.list(query),
    active: () => the().reads.active(),
    sweep: (retention) => the().writes.sweep(retention),
    markMoving: () => the().writes.markMoving(),
    largeTextsOf: (executionId) => the().reads.largeTextsOf(executionId),
    moved(executionId) {
      the().writes.moved(executionId);
      return null;
    },
    close() {
      opened?.db.close();
      opened = null;
      return null;
    },
  };
  const packedCalls: SqlitePackedCalls = {
    commit(request) {
      const answer = the().writes.commit(unpackCommit(request));
      return answer.type === "done" && answer.others.length === 0 ? answer.count : answer;
    },
    create(request) {
      const answers = the().writes.create(unpackNew(request));
      return answers.every((answer) => answer === "created") ? answers.length : answers;
    },
  };
  return (request) => {
    const [call, name] = request;
    try {
      if (isPacked(name)) return [call, true, packedCalls[name](request as readonly Cell[])];
      // The arguments' types are those of `name`: both were made by one typed call on the main thread.
      const run = calls[name] as (...args: readonly unknown[]) => ReturnType<SqliteCalls[CallName]>;
      return [call, true, run(...request.slice(HEAD_CELLS))];
    } catch (error) {
      const { kind, message } = troubleOf(error);
      return [call, false, kind, message];
    }
  };
}

function isPacked(name: CallName | PackedCallName): name is PackedCallName {
  return name === "commit" || name === "create";
}

type Opened = { readonly db: Database; readonly reads: SqliteReads; readonly writes: SqliteWrites };

/** SQLite's words for what may go better later; extended codes (SQLITE_IOERR_FSYNC) begin with them. */
const AWAY = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|NOMEM|CANTOPEN|READONLY|PROTOCOL|INTERRUPT)/;

function troubleOf(error: unknown): Trouble {
  if (error instanceof DataFolderFault) return { kind: "folder", message: error.message };
  if (error instanceof RangeError) return { kind: "refused", message: error.message };
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const sentence = `SQLite: ${String(message ?? error)} (${String(code ?? "no code")}).`;
  return { kind: typeof code === "string" && AWAY.test(code) ? "away" : "failed", message: sentence };
}

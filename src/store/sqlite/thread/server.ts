/** The inside of the SQLite thread: requests in, replies out, errors turned into what the main thread can act on. */
import type { Database } from "bun:sqlite";
import type { CallName, OpenOptions, PackedCallName, PartReply, Reply, Request } from "./protocol.ts";
import type { SqliteCalls, SqlitePackedCalls, SqlitePairCalls, Trouble } from "./protocol.ts";
import { DataFolderFault } from "../lock.ts";
import { type Journal, renewJournal, watchJournal } from "./journal.ts";
import { FileDamaged, listFrom, SqliteReads } from "./reads.ts";
import { HEAD_CELLS, unpackCommit, unpackNew } from "./pack.ts";
import type { Cell } from "./rows.ts";
import { openDatabase } from "./schema.ts";
import { type PackedAnswer, SqliteWrites } from "./writes.ts";
import type { CreateAnswer } from "../../store.ts";

/** Answers each request at once. Its first must be `open`. `collectWhenIdle`: a request's texts were long. */
export function createSqliteServer(collectWhenIdle: () => void = NOBODY): (request: Request) => Reply {
  let opened: Opened | null = null;
  const the = (): Opened => {
    if (opened === null) throw new Error("The SQLite file is not open.");
    return opened;
  };
  let options: OpenOptions | null = null;
  const calls: SqliteCalls = {
    open(given) {
      if (given.work === "all") opened = openAll(given, keptLarge);
      options = given;
      return null;
    },
    acquire: (lane, bootId) => the().writes.acquire(lane, bootId),
    load: (executionId) => the().reads.load(executionId),
    chunksAfter: (executionId, sequence) => the().reads.chunksAfter(executionId, sequence),
    summary: (executionId) => the().reads.summary(executionId),
    large: (executionId, keys) => the().reads.large(executionId, keys),
    list(query) {
      if (options === null) throw new Error("No file was named.");
      return listFrom(options.file, options.busyTimeoutMs, query);
    },
    active: () => the().reads.active(),
    sweep: (retention) => the().writes.sweep(retention),
    markMoving: () => the().writes.markMoving(),
    largeTextsOf: (executionId) => the().reads.largeTextsOf(executionId),
    moved(executionId) {
      the().writes.moved(executionId);
      return null;
    },
    saveJournal() {
      if (!the().journal.isThere()) beginJournal();
      return null;
    },
    checkpoint() {
      the().db.run("PRAGMA wal_checkpoint(PASSIVE)");
      return null;
    },
    close() {
      opened?.db.close();
      opened = null;
      return null;
    },
  };
  /** Somebody has removed the journal's file. */
  function beginJournal(): void {
    const { db, file } = the();
    renewJournal(db);
    opened = { ...the(), journal: watchJournal(file) };
  }
  let largeCharacters = 0;
  function keptLarge({ length }: string): void {
    largeCharacters += length;
  }
  /** SQLite's own copies of the pages are 32 MiB then, and are read again in no time. */
  function forgetLarge(): void {
    if (largeCharacters < FORGOTTEN_FROM) return;
    largeCharacters = 0;
    opened?.db.run("PRAGMA shrink_memory");
    collectWhenIdle();
  }
  const packedCalls: SqlitePackedCalls = {
    commit: (request) => shortCommit(the().writes.commit(unpackCommit(request))),
    create: (request) => shortCreate(the().writes.create(unpackNew(request))),
  };
  /** Where they fail together, each is tried for itself: what can never be written harms the other no more than the try. */
  const write: SqlitePairCalls["write"] = (commit, create) => {
    try {
      const [ofCommit, ofCreate] = the().writes.together(unpackCommit(commit), unpackNew(create));
      return [
        [true, shortCommit(ofCommit)],
        [true, shortCreate(ofCreate)],
      ];
    } catch {
      // Told by whichever of them it was.
      return [partOf(() => packedCalls.commit(commit)), partOf(() => packedCalls.create(create))];
    }
  };
  return (request) => {
    const [call, name] = request;
    try {
      // What is acknowledged from here on must not be in a file that nobody will find.
      if (opened !== null && name !== "open" && name !== "close" && !opened.journal.isNameThere()) beginJournal();
      if (name === "write") return [call, true, write(...pairIn(request))];
      if (isPacked(name)) return [call, true, packedCalls[name](request as readonly Cell[])];
      // The arguments' types are those of `name`: both were made by one typed call on the main thread.
      const run = calls[name] as (...args: readonly unknown[]) => ReturnType<SqliteCalls[CallName]>;
      return [call, true, run(...request.slice(HEAD_CELLS))];
    } catch (error) {
      const { kind, message } = troubleOf(error);
      return [call, false, kind, message];
    } finally {
      forgetLarge();
    }
  };
}

/** A commit and a create, each with room for a head: how long the first is with that, its cells, and those of the second. */
function pairIn(request: Request): readonly [commit: readonly Cell[], create: readonly Cell[]] {
  const cells = request as readonly Cell[];
  const length = cells[HEAD_CELLS] as number;
  // Each reader begins behind a head, whatever stands there.
  return [cells.slice(1, length + 1), cells.slice(length - 1)];
}

/** Short where all went well: it is kept and sent. */
function shortCommit(answer: PackedAnswer): number | PackedAnswer {
  return answer.type === "done" && answer.others.length === 0 ? answer.count : answer;
}

function shortCreate(answers: readonly CreateAnswer[]): number | readonly CreateAnswer[] {
  return answers.every((answer) => answer === "created") ? answers.length : answers;
}

function partOf<Answer>(call: () => Answer): PartReply<Answer> {
  try {
    return [true, call()];
  } catch (error) {
    const { kind, message } = troubleOf(error);
    return [false, kind, message];
  }
}

function isPacked(name: CallName | PackedCallName): name is PackedCallName {
  return name === "commit" || name === "create";
}

type Opened = {
  readonly db: Database;
  readonly reads: SqliteReads;
  readonly writes: SqliteWrites;
  readonly journal: Journal;
  readonly file: string;
};

const FORGOTTEN_FROM = 8 * 1024 * 1024;
const NOBODY = (): void => undefined;

function openAll(options: OpenOptions, keptLarge: (text: string) => void): Opened {
  const { file, textBytesMax, ...rest } = options;
  const db = openDatabase(file, rest);
  return { db, file, reads: new SqliteReads(db), writes: new SqliteWrites(db, textBytesMax, keptLarge), journal: watchJournal(file) };
}

/** SQLite's words for what may go better later; extended codes (SQLITE_IOERR_FSYNC) begin with them. */
const AWAY = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|NOMEM|CANTOPEN|READONLY|PROTOCOL|INTERRUPT)/;

/** The file is not what SQLite wrote. */
const DAMAGED = /^SQLITE_(CORRUPT|NOTADB)/;

function troubleOf(error: unknown): Trouble {
  if (error instanceof FileDamaged) return { kind: "damaged", message: damage(error.message) };
  if (error instanceof DataFolderFault) return { kind: "folder", message: error.message };
  if (error instanceof RangeError) return { kind: "refused", message: error.message };
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const sentence = `SQLite: ${String(message ?? error)} (${String(code ?? "no code")}).`;
  if (typeof code === "string" && DAMAGED.test(code)) return { kind: "damaged", message: damage(String(message ?? code)) };
  return { kind: typeof code === "string" && AWAY.test(code) ? "away" : "failed", message: sentence };
}

function damage(what: string): string {
  return `The SQLite file is damaged (${what}): nothing more is written to it. Stop, restore it from a backup or mend it with sqlite3's .recover, and start again.`;
}

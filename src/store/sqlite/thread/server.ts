/** The inside of the SQLite thread: requests in, replies out, errors turned into what the main thread can act on. */
import type { CallName, PackedCallName, PartReply, Reply, Request } from "./protocol.ts";
import type { SqliteCalls, SqlitePackedCalls, SqlitePairCalls } from "./protocol.ts";
import { OpenFile } from "./open-file.ts";
import { HEAD_CELLS, unpackCommit, unpackNew } from "./pack.ts";
import type { Cell } from "./rows.ts";
import { raiseLevel } from "./schema.ts";
import { troubleOf } from "./trouble.ts";
import type { PackedAnswer } from "./writes.ts";
import type { CreateAnswer } from "../../store.ts";

/**
 * The server. It answers each request at once, and the first one must be `open`. `collectWhenIdle` is called when a request's texts were
 * long.
 */
export function createSqliteServer(collectWhenIdle: () => void = NOBODY): (request: Request) => Reply {
  const file = new OpenFile(collectWhenIdle);
  const calls = callsOf(file);
  const packed = packedCallsOf(file);
  const write = pairCallOf(file, packed);
  return (request) => {
    const [call, name] = request;
    try {
      if (name !== "open" && name !== "close") file.keepJournalNamed();
      if (name === "write") return [call, true, write(...pairIn(request))];
      if (isPacked(name)) return [call, true, packed[name](request as readonly Cell[])];
      // The arguments' types are those of `name`: one typed call on the main thread made both.
      const run = calls[name] as (...args: readonly unknown[]) => ReturnType<SqliteCalls[CallName]>;
      return [call, true, run(...request.slice(HEAD_CELLS))];
    } catch (error) {
      const { kind, message } = troubleOf(error);
      return [call, false, kind, message];
    } finally {
      file.forgetLarge();
    }
  };
}

function callsOf(file: OpenFile): SqliteCalls {
  return {
    open(given) {
      file.open(given);
      return null;
    },
    acquire: (lane, bootId) => file.writes.acquire(lane, bootId),
    load: (executionId) => file.reads.load(executionId),
    chunksAfter: (executionId, sequence) => file.reads.chunksAfter(executionId, sequence),
    summary: (executionId) => file.reads.summary(executionId),
    large: (executionId, keys) => file.reads.large(executionId, keys),
    list: (query) => file.list(query),
    active: () => file.reads.active(),
    sweep: (retention) => file.writes.sweep(retention),
    remove(executionId, createdAtMs) {
      file.writes.remove(executionId, createdAtMs);
      return null;
    },
    raiseLevel(level) {
      raiseLevel(file.db, level);
      return null;
    },
    markMoving: () => file.writes.markMoving(),
    largeTextsOf: (executionId) => file.reads.largeTextsOf(executionId),
    moved(executionId) {
      file.writes.moved(executionId);
      return null;
    },
    saveJournal() {
      file.saveJournal();
      return null;
    },
    checkpoint() {
      file.db.run("PRAGMA wal_checkpoint(PASSIVE)");
      return null;
    },
    close() {
      file.close();
      return null;
    },
  };
}

function packedCallsOf(file: OpenFile): SqlitePackedCalls {
  return {
    commit: (request) => shortCommit(file.writes.commit(unpackCommit(request))),
    create: (request) => shortCreate(file.writes.create(unpackNew(request))),
  };
}

/**
 * The call that writes a commit and a create. If they fail together, each is tried by itself: one that can never be written costs the other
 * no more than the try.
 */
function pairCallOf(file: OpenFile, packed: SqlitePackedCalls): SqlitePairCalls["write"] {
  return (commit, create) => {
    try {
      const [ofCommit, ofCreate] = file.writes.together(unpackCommit(commit), unpackNew(create));
      return [
        [true, shortCommit(ofCommit)],
        [true, shortCreate(ofCreate)],
      ];
    } catch {
      // Whichever of them failed says so.
      return [partOf(() => packed.commit(commit)), partOf(() => packed.create(create))];
    }
  };
}

/**
 * The commit and the create in a request, each with room for a head. The request has the length of the first with its head, its cells, and
 * those of the second.
 */
function pairIn(request: Request): readonly [commit: readonly Cell[], create: readonly Cell[]] {
  const cells = request as readonly Cell[];
  const length = cells[HEAD_CELLS] as number;
  // Each reader begins behind a head, whatever stands there.
  return [cells.slice(1, length + 1), cells.slice(length - 1)];
}

/** The answer, short if all went well: it is kept and sent. */
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

const NOBODY = (): void => undefined;

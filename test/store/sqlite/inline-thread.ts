/** The inside of the SQLite thread without the thread: for the contract's sake, and so that coverage sees it. */
import { createSqliteServer } from "../../../src/store/sqlite/thread/server.ts";
import type { SqliteThread } from "../../../src/store/sqlite/client.ts";
import type { Request } from "../../../src/store/sqlite/thread/protocol.ts";

/** Messages are copied as they are for a thread, and answered in a later turn. */
export function inlineThread(): SqliteThread {
  const answer = createSqliteServer();
  const thread: SqliteThread = {
    onmessage: null,
    postMessage(request: Request) {
      const reply = structuredClone(answer(structuredClone(request)));
      setImmediate(() => thread.onmessage?.call({} as Worker, new MessageEvent("message", { data: reply })));
    },
    terminate: () => undefined,
    addEventListener: () => undefined,
  };
  return thread;
}

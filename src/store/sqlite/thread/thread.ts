/** The entry of the SQLite thread: bun:sqlite is synchronous, and the main thread must not stand still for a disk. */
import { systemTurns } from "../../../env/turns.ts";
import type { Request } from "./protocol.ts";
import { createSqliteServer } from "./server.ts";
import { collectNow } from "../../../env/process/garbage.ts";

declare const self: Worker;

const answer = createSqliteServer(() => {
  // When the request is out of reach. Some 10 ms: little else than what was written is in this thread.
  systemTurns.run(collectNow);
});

self.onmessage = (event: MessageEvent<Request>) => self.postMessage(answer(event.data));

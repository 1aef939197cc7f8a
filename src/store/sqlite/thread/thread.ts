/** The entry of the SQLite thread: bun:sqlite is synchronous, and the main thread must not wait for a disk. */
import { systemTurns } from "../../../env/turns.ts";
import type { Request } from "./protocol.ts";
import { createSqliteServer } from "./server.ts";
import { collectNow } from "../../../env/process/garbage.ts";

declare const self: Worker;

const answer = createSqliteServer(() => {
  // Collects when the request is no longer referenced. It takes some 10 ms: this thread holds little besides what was written.
  systemTurns.run(collectNow);
});

self.onmessage = (event: MessageEvent<Request>) => self.postMessage(answer(event.data));

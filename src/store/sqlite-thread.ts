/** The entry of the SQLite thread: bun:sqlite is synchronous, and the main thread must not stand still for a disk. */
import type { Request } from "./sqlite-protocol.ts";
import { createSqliteServer } from "./sqlite-server.ts";

declare const self: Worker;

const answer = createSqliteServer();

self.onmessage = (event: MessageEvent<Request>) => self.postMessage(answer(event.data));

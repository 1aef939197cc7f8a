/** The parts that routes work with, and the data that travels with one request. */
import type { Hono } from "hono";
import type { Engine } from "../../engine/engine.ts";
import type { Clock } from "../../env/clock.ts";
import type { Ids } from "../../env/ids.ts";
import type { Log } from "../../env/log/log.ts";
import type { Turns } from "../../env/turns.ts";
import type { Room, RoomLimits } from "./room.ts";

/** The parts that the process provides. */
export type HttpOptions = {
  readonly engine: Engine;
  /** The limits. `bodyBytes`: of a request's body. `nesting`: levels of its JSON. */
  readonly limits: { readonly bodyBytes: number; readonly nesting: number } & RoomLimits;
  readonly log: Log;
  readonly ids: Ids;
  readonly turns: Turns;
  readonly clock: Clock;
  /** Resolves when the garbage of a large request is collected, or soon will be. */
  readonly collect: () => Promise<void>;
  /** Troupe's version, as in package.json. */
  readonly version: string;
  readonly instanceName: string;
};
export type HttpParts = HttpOptions & { readonly room: Room };

export type HttpEnv = {
  /** What the server adds to each request; absent if there is no server, as in tests. */
  Bindings: {
    /** Allows this request to be silent for so long. */
    mayTake?(request: Request, seconds: number): void;
    /** Whether new work was admitted before its route (http/shedding.ts). */
    isAdmitted?: boolean;
  };
};

export type App = Hono<HttpEnv>;

/** What the routes are given to work with, and what travels with one request. */
import type { Hono } from "hono";
import type { Engine } from "../../engine/engine.ts";
import type { Clock } from "../../env/clock.ts";
import type { Ids } from "../../env/ids.ts";
import type { Log } from "../../env/log/log.ts";
import type { Turns } from "../../env/turns.ts";
import type { Room, RoomLimits } from "./room.ts";

/** What the process gives. */
export type HttpOptions = {
  readonly engine: Engine;
  /** `bodyBytes`: of a request's body. `nesting`: levels of its JSON. */
  readonly limits: { readonly bodyBytes: number; readonly nesting: number } & RoomLimits;
  readonly log: Log;
  readonly ids: Ids;
  readonly turns: Turns;
  readonly clock: Clock;
  /** Resolves when what a large request has left is collected, or soon will be. */
  readonly collect: () => Promise<void>;
  /** Of Troupe, as in package.json. */
  readonly version: string;
  readonly instanceName: string;
};
export type HttpParts = HttpOptions & { readonly room: Room };

export type HttpEnv = {
  /** What the server gives with each request; absent where there is none, as in tests. */
  Bindings: {
    /** This request may be silent for so long. */
    mayTake?(request: Request, seconds: number): void;
    /** New work that was taken at the door (http/shedding.ts). */
    isAdmitted?: boolean;
  };
};

export type App = Hono<HttpEnv>;

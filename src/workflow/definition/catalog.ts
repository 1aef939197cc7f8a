/** What the engine knows of the handlers that its threads have loaded. The main thread runs none of their code. */
import type { ConfigShape } from "./config-shape.ts";

export type HandlerInfo = {
  readonly name: string;
  /** All names it is known by, its own included. */
  readonly names: readonly string[];
  /** What an attempt must carry beside what its templates name. */
  readonly needs: readonly ("parents" | "params")[];
  /** What its config may look like; left out where it takes any. */
  readonly config?: ConfigShape;
};

/** By every name. */
export type Catalog = ReadonlyMap<string, HandlerInfo>;

/** What an attempt carries for whoever may run it. */
export const ALL_NEEDS: HandlerInfo["needs"] = ["parents", "params"];

/** The handlers that an instance's threads have loaded, as the engine knows them. The main thread runs none of their code. */
import type { ConfigShape } from "./config-shape.ts";

export type HandlerInfo = {
  readonly name: string;
  /** All names of the handler, including its own. */
  readonly names: readonly string[];
  /** The data that an attempt must carry beside what its templates name. */
  readonly needs: readonly ("parents" | "params")[];
  /** The allowed form of its config; absent if it takes any. */
  readonly config?: ConfigShape;
};

/** The handlers by every name. */
export type Catalog = ReadonlyMap<string, HandlerInfo>;

/** Everything that an attempt may have to carry, for an instance whose needs are not known. */
export const ALL_NEEDS: HandlerInfo["needs"] = ["parents", "params"];

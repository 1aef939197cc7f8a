/** File handles of this process. Every connection takes one, and so does every file and every call of a node. */
import { closeSync, openSync, readdirSync } from "node:fs";

export interface Handles {
  /** The number of handles that may be open at the same time. */
  readonly limit: number;
  /** A lower bound of the open handles, found in a few microseconds; `limit` if none is left. */
  atLeast(): number;
  /** The number of open handles, as far as the system tells. It costs more the more there are. */
  count(): number;
  /** Reserves so many handles, or as many as are left. The returned function frees them. */
  keep(count: number): () => void;
}

const NOTHING = "/dev/null";
/** The folder with each open handle of this process, on Linux. */
const OWN = "/proc/self/fd";

export const systemHandles: Handles = {
  get limit() {
    return limitOf(process.report?.getReport());
  },
  // A new handle gets the lowest number that is free: all below it are open.
  atLeast() {
    const handle = opened();
    if (handle === null) return this.limit;
    closeSync(handle);
    return handle;
  },
  count() {
    try {
      return readdirSync(OWN).length;
    } catch {
      return this.atLeast();
    }
  },
  keep(count) {
    const kept: number[] = [];
    while (kept.length < count) {
      const handle = opened();
      if (handle === null) break;
      kept.push(handle);
    }
    return () => {
      for (const handle of kept.splice(0)) closeSync(handle);
    };
  },
};

/** A new handle; null if none is left. */
function opened(): number | null {
  try {
    return openSync(NOTHING, "r");
  } catch {
    return null;
  }
}

/** The limit if the system names none. */
const USUAL_LIMIT = 10_240;

function limitOf(report: unknown): number {
  const soft = (report as { userLimits?: { open_files?: { soft?: unknown } } } | undefined)?.userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : USUAL_LIMIT;
}

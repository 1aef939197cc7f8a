/** File handles of this process: every connection takes one, and so does every file and every call of a node. */
import { closeSync, openSync, readdirSync } from "node:fs";

export interface Handles {
  /** So many may be open at once. */
  readonly limit: number;
  /** At least so many are open, told in a few microseconds; `limit` where not one is left. */
  atLeast(): number;
  /** So many are open, as far as the system tells; costs more the more there are. */
  count(): number;
  /** Keeps so many back, or as many as there are; what is answered gives them free. */
  keep(count: number): () => void;
}

const NOTHING = "/dev/null";
/** Each open handle of this process, on Linux. */
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

/** Null: there is none left. */
function opened(): number | null {
  try {
    return openSync(NOTHING, "r");
  } catch {
    return null;
  }
}

/** Where the system does not say, or says that there is no limit. */
const USUAL_LIMIT = 10_240;

function limitOf(report: unknown): number {
  const soft = (report as { userLimits?: { open_files?: { soft?: unknown } } } | undefined)?.userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : USUAL_LIMIT;
}

/** A thread of poolifier's pool: its task does nothing, as a noop node. */
import { ThreadWorker } from "poolifier";

const KEPT_MS = 600_000;

export default new ThreadWorker(() => null, { maxInactiveTime: KEPT_MS });

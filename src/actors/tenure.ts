/** The right to write to a lane, as supervisors need it; what the cluster gives is one. */
import type { Committer } from "../store/committer.ts";

/** The right to write to a lane, from its lease to its loss. */
export type Tenure = {
  readonly committer: Committer;
  /** False: the lease may have lapsed, so nothing may be begun. */
  trusted(): boolean;
  /** Resolves true when it is trusted again, and false when the lane is another's. */
  regained(): Promise<boolean>;
};

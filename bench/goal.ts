/** What we want of a figure, or of one figure beside another. */
import type { SubjectName } from "./group.ts";
import type { MetricName } from "./metrics.ts";

export type Goal = SubjectName & { readonly metric: MetricName; readonly goal: number };

/** How many times better one figure is than another that was measured in the same group. */
export type RatioGoal = {
  readonly title: string;
  readonly metric: MetricName;
  readonly ours: SubjectName;
  readonly theirs: SubjectName;
  /** Where theirs is called otherwise. */
  readonly theirMetric?: MetricName;
  /** At least; null where it is only worth knowing. */
  readonly goal: number | null;
};

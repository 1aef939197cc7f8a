/** A definition between its form and its Plan: columns that are the same for every form and for the stored text. */
import type { NodeIndex, Plan, RetryPolicy, Step } from "../plan/plan.ts";
import { order, type Rows } from "../plan/order.ts";

/** The columns of a Plan before the graph is put in order. */
export type Draft = Pick<
  Plan,
  | "name"
  | "tags"
  | "priority"
  | "ids"
  | "index"
  | "handlers"
  | "configs"
  | "retries"
  | "retryOf"
  | "timeoutMs"
  | "priorities"
  | "hidden"
  | "overrides"
> & {
  readonly dependencies: Rows;
  readonly steps: readonly Step[] | null;
  /** JSON text of fields that are kept for the user and change nothing: version, description, params. */
  readonly about: string;
};

export type Planned = { readonly type: "planned"; readonly plan: Plan } | { readonly type: "cyclic"; readonly cycle: readonly NodeIndex[] };

/** The Plan of a draft, with its graph put in order. `references`: what its templates name, if that is known. */
export function planOf(draft: Draft, references: Plan["references"]): Planned {
  const ordering = order(draft.dependencies);
  if (ordering.type === "cyclic") return ordering;
  const { name, tags, priority, ids, index, handlers, configs, retries, retryOf, timeoutMs, priorities, hidden, steps, overrides } = draft;
  const plan: Plan = {
    name,
    tags,
    priority,
    ids,
    index,
    handlers,
    configs,
    retries,
    retryOf,
    timeoutMs,
    priorities,
    dependencyStart: draft.dependencies.start,
    dependencies: draft.dependencies.targets,
    dependentStart: ordering.dependents.start,
    dependents: ordering.dependents.targets,
    level: ordering.level,
    hidden,
    visible: hidden === null ? ids.length : hidden.reduce((visible, isHidden) => visible - isHidden, ids.length),
    steps,
    references,
    overrides,
  };
  return { type: "planned", plan };
}

/** The few distinct policies of a definition, each kept once. The first one is the default. */
export class Policies {
  readonly list: RetryPolicy[] = [];
  readonly #positions = new Map<string, number>();

  constructor(usual: RetryPolicy) {
    this.positionOf(usual);
  }

  positionOf(policy: RetryPolicy): number {
    const key = JSON.stringify(policy);
    const known = this.#positions.get(key);
    if (known !== undefined) return known;
    this.#positions.set(key, this.list.length);
    return this.list.push(policy) - 1;
  }
}

/** The number of distinct policies that a Plan's column can hold. */
export const POLICIES_MAX = 65_535;

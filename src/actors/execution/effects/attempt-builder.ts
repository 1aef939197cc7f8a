/** The data that an attempt carries to its thread: the node's config, and of other nodes only what its templates name. */
import type { Attempt, ScopeEntry } from "../../../pool/pool.ts";
import type { HandlerInfo } from "../../../workflow/definition/catalog.ts";
import type { TriggerParams, ParamsOfNode } from "../../../workflow/template/trigger-params.ts";
import { type Named, NOTHING_NAMED, namedOf, WORD } from "../../../workflow/template/references.ts";
import { nodePriority } from "../../../workflow/execution/priority.ts";
import { at, type ExecutionState, SUSPECT_AT_DEATHS } from "../../../workflow/execution/state.ts";
import { NODE_STATES } from "../../../workflow/execution/status.ts";
import type { NodeIndex } from "../../../workflow/plan/plan.ts";

/** Nodes whose large outputs must be brought into memory first. */
export class MissingTexts {
  readonly nodes: readonly NodeIndex[];

  constructor(nodes: readonly NodeIndex[]) {
    this.nodes = nodes;
  }
}

export type AttemptSource = {
  readonly state: ExecutionState;
  /** What came with the trigger. */
  readonly triggerParams: TriggerParams;
};

/** The text of a large output; undefined if it is not in memory. */
export type LargeOutput = (node: NodeIndex) => string | undefined;

const NONE: readonly never[] = [];
const NOTHING_SEEN: Seen = { fromTrigger: NONE, scope: NONE, parents: NONE, params: null, runtime: null };

type Wanted = { readonly named: Named; readonly override: ParamsOfNode | undefined; readonly needs: HandlerInfo["needs"] };

/**
 * A builder of one execution's attempts. Data that is the same as the last attempt's is the very same list: 10,000 children of one parent
 * then share one, which crosses to a thread once.
 */
export class AttemptBuilder {
  readonly #source: AttemptSource;
  /** The last attempt that carried anything of other nodes. */
  #last: Attempt | null = null;

  constructor(source: AttemptSource) {
    this.#source = source;
  }

  /** The node's attempt that is open or comes next, for a handler with these needs. */
  build(node: NodeIndex, needs: HandlerInfo["needs"], largeOutput: LargeOutput): Attempt | MissingTexts {
    const { state, triggerParams } = this.#source;
    const config = state.plan.configs[node] ?? null;
    const override = triggerParams.ofNode.size === 0 ? undefined : triggerParams.ofNode.get(node);
    const named = override?.named ?? namedOf(triggerParams.references, node);
    // Most nodes of a wide execution need nothing of it.
    if (override === undefined && needs.length === 0 && named === NOTHING_NAMED) return attemptOf(state, node, config, NOTHING_SEEN);
    const missing: NodeIndex[] = [];
    const seen = this.#seenBy(node, { named, override, needs }, (ancestor) => entryOf(state, ancestor, largeOutput, missing));
    if (missing.length > 0) return new MissingTexts(missing);
    const attempt = attemptOf(state, node, override === undefined ? config : override.config, seen);
    if (seen.scope.length + seen.parents.length > 0) this.#last = attempt;
    return attempt;
  }

  /** Forgets the data of the last attempt, which may be large and is not kept any more. */
  forget(): void {
    this.#last = null;
  }

  #seenBy(node: NodeIndex, { named, override, needs }: Wanted, entry: (ancestor: NodeIndex) => ScopeEntry): Seen {
    const { state, triggerParams } = this.#source;
    const { ancestors, words } = named;
    return {
      fromTrigger: override?.keys ?? NONE,
      scope: ancestors.length === 0 ? NONE : once(ancestors.map(entry), this.#last?.scope),
      parents: needs.includes("parents") ? once(parentsOf(state, node, entry), this.#last?.parents) : NONE,
      params: needs.includes("params") || (words & WORD.params) !== 0 ? triggerParams.params : null,
      runtime: (words & WORD.runtime) === 0 ? null : (override?.runtime ?? null),
    };
  }
}

type Seen = Pick<Attempt, "fromTrigger" | "scope" | "parents" | "params" | "runtime">;

function attemptOf(state: ExecutionState, node: NodeIndex, config: string | null, seen: Seen): Attempt {
  const { plan } = state;
  return {
    node,
    nodeId: plan.ids[node] ?? "",
    attempt: at(state.attempt, node),
    handler: plan.handlers[node] ?? "",
    config,
    fromTrigger: seen.fromTrigger,
    scope: seen.scope,
    parents: seen.parents,
    params: seen.params,
    runtime: seen.runtime,
    timeoutMs: at(plan.timeoutMs, node),
    priority: nodePriority(state, node),
    suspect: at(state.deaths, node) >= SUSPECT_AT_DEATHS,
    limits: null,
  };
}

function once(entries: readonly ScopeEntry[], before: readonly ScopeEntry[] = NONE): readonly ScopeEntry[] {
  if (entries.length !== before.length) return entries;
  for (let i = 0; i < entries.length; i++) {
    const [a, b] = [entries[i] as ScopeEntry, before[i] as ScopeEntry];
    const same = a.id === b.id && a.status === b.status && a.attempt === b.attempt && a.error === b.error && a.output === b.output;
    if (!same) return entries;
  }
  return before;
}

function entryOf(state: ExecutionState, ancestor: NodeIndex, largeOutput: LargeOutput, missing: NodeIndex[]): ScopeEntry {
  const { plan } = state;
  const output = state.outputs[ancestor];
  let text = typeof output === "string" ? output : null;
  if (typeof output === "object") {
    const large = largeOutput(ancestor);
    if (large === undefined) missing.push(ancestor);
    else text = large;
  }
  return {
    id: plan.ids[ancestor] ?? "",
    status: NODE_STATES[at(state.nodeStatus, ancestor)] ?? "UNKNOWN",
    attempt: at(state.begun, ancestor),
    error: state.failureOf.get(ancestor)?.message ?? null,
    output: text,
  };
}

function parentsOf({ plan }: ExecutionState, node: NodeIndex, entry: (ancestor: NodeIndex) => ScopeEntry): readonly ScopeEntry[] {
  const parents: ScopeEntry[] = [];
  const end = at(plan.dependencyStart, node + 1);
  for (let edge = at(plan.dependencyStart, node); edge < end; edge++) {
    const parent = at(plan.dependencies, edge);
    // A join that nobody wrote stands for what it joins, but only in the graph.
    if (plan.hidden === null || plan.hidden[parent] === 0) parents.push(entry(parent));
  }
  return parents;
}

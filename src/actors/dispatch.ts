/** What an attempt carries to its thread: the node's config, and of the other nodes only what its templates name. */
import type { Attempt, ScopeEntry } from "../pool/pool.ts";
import type { Catalog } from "../workflow/catalog.ts";
import { isAncestor } from "../workflow/graph.ts";
import type { NodeIndex } from "../workflow/messages.ts";
import { at, type ExecutionState, SUSPECT_AT_DEATHS } from "../workflow/state.ts";
import { NODE_STATES } from "../workflow/status.ts";
import { mergeConfig, referencesOf } from "../workflow/template.ts";
import type { Given } from "./given.ts";

/** `missing`: nodes whose large outputs must be brought into memory first. */
export type Dispatch =
  | { readonly type: "attempt"; readonly attempt: Attempt }
  | { readonly type: "missing"; readonly nodes: readonly NodeIndex[] };

export type DispatchRequest = {
  readonly state: ExecutionState;
  readonly node: NodeIndex;
  readonly catalog: Catalog;
  /** What came with the trigger. */
  readonly given: Given;
  /** The text of a large output, undefined where it is not in memory. */
  readonly largeOutput: (node: NodeIndex) => string | undefined;
};

const NONE: readonly never[] = [];

export function dispatchOf({ state, node, catalog, given, largeOutput }: DispatchRequest): Dispatch {
  const { plan } = state;
  const handler = plan.handlers[node] ?? "";
  const needs = catalog.get(handler)?.needs ?? NONE;
  const merged = mergedConfig(state, node, given);
  const named = merged.config === null ? null : referencesOf(merged.config);
  const missing: NodeIndex[] = [];

  const entry = (ancestor: NodeIndex): ScopeEntry => {
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
  };

  const scope: readonly ScopeEntry[] = named === null || named.ancestors.length === 0 ? NONE : scopeOf(state, node, named.ancestors, entry);
  const parents: readonly ScopeEntry[] = needs.includes("parents") ? parentsOf(state, node, entry) : NONE;
  if (missing.length > 0) return { type: "missing", nodes: missing };
  return {
    type: "attempt",
    attempt: {
      node,
      nodeId: plan.ids[node] ?? "",
      attempt: at(state.attempt, node),
      handler,
      config: merged.config,
      fromTrigger: merged.fromTrigger,
      scope,
      parents,
      params: needs.includes("params") || named?.params === true ? given.params : null,
      runtime: named?.runtime === true ? (given.ofNode.get(node) ?? null) : null,
      timeoutMs: at(plan.timeoutMs, node),
      priority: at(plan.priorities, node),
      suspect: at(state.deaths, node) >= SUSPECT_AT_DEATHS,
    },
  };
}

type Merged = { readonly config: string | null; readonly fromTrigger: readonly string[] };

function mergedConfig({ plan }: ExecutionState, node: NodeIndex, given: Given): Merged {
  const config = plan.configs[node] ?? null;
  const override = given.ofNode.get(node);
  if (override === undefined) return { config, fromTrigger: NONE };
  const { text, keys } = mergeConfig(config, override);
  return { config: text, fromTrigger: keys };
}

/** Of the names that templates begin with, those that are ancestors; the others are scope words or missing data. */
function scopeOf(
  { plan }: ExecutionState,
  node: NodeIndex,
  names: readonly string[],
  entry: (ancestor: NodeIndex) => ScopeEntry,
): readonly ScopeEntry[] {
  const scope: ScopeEntry[] = [];
  for (const name of names) {
    const ancestor = plan.index.get(name);
    if (ancestor !== undefined && isAncestor(plan, ancestor, node)) scope.push(entry(ancestor));
  }
  return scope;
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

/**
 * The compiled definition (Plan): in columns, so that 100,000 nodes cost little, cross a thread cheaply and
 * every question of the running engine is one array access.
 */
import type { NodeIndex } from "./messages.ts";

/** Times in milliseconds. */
export type RetryPolicy = {
  readonly maxAttempts: number;
  readonly initialIntervalMs: number;
  readonly backoffCoefficient: number;
  readonly maxIntervalMs: number;
  readonly jitter: "none" | "full" | "equal";
  /** Failure codes that are not retried. */
  readonly nonRetryable: readonly string[];
};

/** The steps of a definition that came as steps (an older system's form), for answers in the same form. */
export type Step = {
  readonly executionType: "sequential" | "parallel";
  readonly tasks: readonly { readonly name: string; readonly node: NodeIndex }[];
};

export type Plan = {
  readonly name: string;
  readonly tags: readonly string[];
  readonly priority: number;
  /** Node ids, in the definition's order. A node's index is its position here. */
  readonly ids: readonly string[];
  readonly index: ReadonlyMap<string, NodeIndex>;
  readonly handlers: readonly string[];
  /** Compact JSON text of each node's config, null for none. */
  readonly configs: readonly (string | null)[];
  /** The few distinct policies, and which each node has. */
  readonly retries: readonly RetryPolicy[];
  readonly retryOf: Uint16Array;
  readonly timeoutMs: Float64Array;
  readonly priorities: Uint8Array;
  /** Edges in compressed rows: the dependencies of node i are `dependencies[dependencyStart[i]..dependencyStart[i+1])`. */
  readonly dependencyStart: Int32Array;
  readonly dependencies: Int32Array;
  /** The same edges the other way round; each row rises. */
  readonly dependentStart: Int32Array;
  readonly dependents: Int32Array;
  /** Longest way from a root: 0 for roots. */
  readonly level: Int32Array;
  /** Nodes that no view shows (joins between two wide steps); null where there are none. */
  readonly hidden: Uint8Array | null;
  /** How many nodes views show. */
  readonly visible: number;
  readonly steps: readonly Step[] | null;
};

/**
 * True when `node` depends on `ancestor`, directly or through others. Direct dependencies and most far ones are
 * answered at once (see Tree); the rest by a walk upwards that never goes above the ancestor's level. Where a budget
 * of steps is given and used up, the answer is true.
 */
export function isAncestor(plan: Plan, ancestor: NodeIndex, node: NodeIndex, budget?: { steps: number }): boolean {
  if (plan.level[ancestor]! >= plan.level[node]!) return false;
  if (isDependent(plan, ancestor, node)) return true;
  const tree = treeOf(plan);
  return isBelow(tree, ancestor, node) || walkUp(plan, tree, ancestor, node, budget ?? { steps: Number.POSITIVE_INFINITY });
}

/** Rows of dependents rise: a join of 20,000 is found in 15 steps. */
function isDependent(plan: Plan, ancestor: NodeIndex, node: NodeIndex): boolean {
  let low = plan.dependentStart[ancestor]!;
  let high = plan.dependentStart[ancestor + 1]!;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (plan.dependents[middle]! < node) low = middle + 1;
    else high = middle;
  }
  return low < plan.dependentStart[ancestor + 1]! && plan.dependents[low] === node;
}

/**
 * A spanning forest of the graph: each node hangs under its deepest dependency, and holds the numbers `enter..leave`
 * of its subtree. Being inside is a proof of descent; being outside proves nothing. Chains and trees need no more.
 */
type Tree = { readonly enter: Int32Array; readonly leave: Int32Array; readonly visited: Int32Array; visit: number };

const trees = new WeakMap<Plan, Tree>();

function treeOf(plan: Plan): Tree {
  const known = trees.get(plan);
  if (known !== undefined) return known;
  const tree = makeTree(plan);
  trees.set(plan, tree);
  return tree;
}

function makeTree(plan: Plan): Tree {
  const count = plan.ids.length;
  const parent = new Int32Array(count).fill(-1);
  for (let node = 0; node < count; node++) {
    for (let edge = plan.dependencyStart[node]!; edge < plan.dependencyStart[node + 1]!; edge++) {
      const dependency = plan.dependencies[edge]!;
      if (parent[node] === -1 || plan.level[dependency]! > plan.level[parent[node]!]!) parent[node] = dependency;
    }
  }
  const enter = new Int32Array(count);
  const leave = new Int32Array(count);
  const cursor = plan.dependentStart.slice(0, count);
  const stack = new Int32Array(count);
  let number = 0;
  for (let root = 0; root < count; root++) {
    if (parent[root] !== -1) continue;
    let depth = 0;
    stack[0] = root;
    enter[root] = number++;
    while (depth >= 0) {
      const node = stack[depth]!;
      const edge = cursor[node]!;
      if (edge === plan.dependentStart[node + 1]!) {
        leave[node] = number;
        depth--;
        continue;
      }
      cursor[node] = edge + 1;
      const child = plan.dependents[edge]!;
      if (parent[child] !== node) continue;
      stack[++depth] = child;
      enter[child] = number++;
    }
  }
  return { enter, leave, visited: new Int32Array(count), visit: 0 };
}

function isBelow(tree: Tree, ancestor: NodeIndex, node: NodeIndex): boolean {
  return tree.enter[node]! > tree.enter[ancestor]! && tree.enter[node]! < tree.leave[ancestor]!;
}

function walkUp(plan: Plan, tree: Tree, ancestor: NodeIndex, node: NodeIndex, budget: { steps: number }): boolean {
  const visit = ++tree.visit;
  const floor = plan.level[ancestor]!;
  const pending = [node];
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    for (let edge = plan.dependencyStart[current]!; edge < plan.dependencyStart[current + 1]!; edge++) {
      const dependency = plan.dependencies[edge]!;
      if (--budget.steps < 0 || dependency === ancestor || isBelow(tree, ancestor, dependency)) return true;
      if (plan.level[dependency]! <= floor || tree.visited[dependency] === visit) continue;
      tree.visited[dependency] = visit;
      pending.push(dependency);
    }
  }
  return false;
}

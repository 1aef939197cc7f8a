/** The order of a graph: its edges reversed, its levels, or the cycle that makes an order impossible. */
import type { NodeIndex } from "./plan.ts";

/** Edges in compressed rows, as in Plan. */
export type Rows = { readonly start: Int32Array; readonly targets: Int32Array };

/**
 * The result. `cycle`: a way from a node back to itself, in the direction from dependency to dependent. Its first node is
 * not repeated at the end.
 */
export type Ordering =
  | { readonly type: "ordered"; readonly dependents: Rows; readonly level: Int32Array }
  | { readonly type: "cyclic"; readonly cycle: readonly NodeIndex[] };

/** Kahn's algorithm over the dependencies of `dependencies.start.length - 1` nodes: reverses the edges and gives levels, or a cycle. */
export function order(dependencies: Rows): Ordering {
  const count = dependencies.start.length - 1;
  const dependents = reverse(dependencies);
  const open = new Int32Array(count);
  const level = new Int32Array(count);
  const queue = new Int32Array(count);
  let queued = 0;
  for (let node = 0; node < count; node++) {
    open[node] = dependencies.start[node + 1]! - dependencies.start[node]!;
    if (open[node] === 0) queue[queued++] = node;
  }
  for (let next = 0; next < queued; next++) {
    const node = queue[next]!;
    const below = level[node]! + 1;
    for (let edge = dependents.start[node]!; edge < dependents.start[node + 1]!; edge++) {
      const dependent = dependents.targets[edge]!;
      if (level[dependent]! < below) level[dependent] = below;
      if (--open[dependent]! === 0) queue[queued++] = dependent;
    }
  }
  if (queued === count) return { type: "ordered", dependents, level };
  return { type: "cyclic", cycle: findCycle(dependencies, open) };
}

/** Reverses the edges. Each row's targets come out in rising order. */
function reverse(edges: Rows): Rows {
  const count = edges.start.length - 1;
  const start = new Int32Array(count + 1);
  for (const target of edges.targets) start[target + 1]!++;
  for (let node = 0; node < count; node++) start[node + 1]! += start[node]!;
  const targets = new Int32Array(edges.targets.length);
  const next = start.slice(0, count);
  for (let node = 0; node < count; node++) {
    for (let edge = edges.start[node]!; edge < edges.start[node + 1]!; edge++) targets[next[edges.targets[edge]!]!++] = node;
  }
  return { start, targets };
}

/** A cycle. Every node that is still open has an open dependency, so walking back along these must lead to one. */
function findCycle(dependencies: Rows, open: Int32Array): NodeIndex[] {
  const way: NodeIndex[] = [];
  const stepOf = new Map<NodeIndex, number>();
  let node = open.findIndex((count) => count > 0);
  while (!stepOf.has(node)) {
    stepOf.set(node, way.length);
    way.push(node);
    const row = dependencies.targets.subarray(dependencies.start[node]!, dependencies.start[node + 1]!);
    node = row.find((dependency) => open[dependency]! > 0)!;
  }
  return way.slice(stepOf.get(node)!).reverse();
}

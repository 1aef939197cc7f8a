/** Which nodes come before which. The questions are asked all at once, so that thousands of them cost a few walks through the graph. */
import type { NodeIndex, Plan } from "./plan.ts";

type Graph = Pick<Plan, "dependencyStart" | "dependencies" | "dependentStart" | "dependents" | "level">;

/** The questions. Question i: does `nodes[i]` depend on `ancestors[i]`, directly or through others? */
export type Descents = { readonly nodes: readonly NodeIndex[]; readonly ancestors: readonly NodeIndex[] };

/** The number of ancestors that one walk answers for. */
const ANCESTORS_AT_ONCE = 32;

/**
 * A 1 for each question whose answer is yes. Direct dependencies and most distant ones need no walk (see Tree). The others
 * need walks: one upwards from each node in question, or one through the whole graph for each 32 ancestors, whichever are
 * fewer. Null if the walks would take more than `stepsMax` steps; then none was made.
 */
export function answersOf(graph: Graph, descents: Descents, stepsMax: number): Uint8Array | null {
  const { nodes, ancestors } = descents;
  const answers = new Uint8Array(nodes.length);
  const open: number[] = [];
  let tree: Tree | null = null;
  for (let question = 0; question < nodes.length; question++) {
    const node = nodes[question]!;
    const ancestor = ancestors[question]!;
    if (graph.level[ancestor]! >= graph.level[node]!) continue;
    if (!isDependent(graph, ancestor, node)) {
      tree ??= makeTree(graph);
      if (!isBelow(tree, ancestor, node)) {
        open.push(question);
        continue;
      }
    }
    answers[question] = 1;
  }
  if (open.length === 0) return answers;
  const byNode = Map.groupBy(open, (question) => nodes[question]!);
  const byAncestor = Map.groupBy(open, (question) => ancestors[question]!);
  const groups = Math.ceil(byAncestor.size / ANCESTORS_AT_ONCE);
  const walk = graph.level.length + graph.dependencies.length;
  if (Math.min(byNode.size, groups) * walk > stepsMax) return null;
  if (byNode.size <= groups) walkUp(graph, byNode, ancestors, answers);
  else walkDown(graph, [...byAncestor.values()], descents, answers);
  return answers;
}

/** Finds what is above each node in question, no further than the highest of its questions. */
function walkUp(
  graph: Graph,
  byNode: ReadonlyMap<NodeIndex, readonly number[]>,
  ancestors: readonly NodeIndex[],
  answers: Uint8Array,
): void {
  const visited = new Int32Array(graph.level.length);
  let visit = 0;
  for (const [node, questions] of byNode) {
    visit++;
    const floor = questions.reduce((lowest, question) => Math.min(lowest, graph.level[ancestors[question]!]!), graph.level[node]!);
    const pending = [node];
    for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
      for (let edge = graph.dependencyStart[current]!; edge < graph.dependencyStart[current + 1]!; edge++) {
        const dependency = graph.dependencies[edge]!;
        if (visited[dependency] === visit) continue;
        visited[dependency] = visit;
        if (graph.level[dependency]! > floor) pending.push(dependency);
      }
    }
    for (const question of questions) if (visited[ancestors[question]!] === visit) answers[question] = 1;
  }
}

/** Gives each ancestor a bit, which is passed on from dependency to dependent, level by level. `questions`: by ancestor. */
function walkDown(graph: Graph, questions: readonly (readonly number[])[], { nodes, ancestors }: Descents, answers: Uint8Array): void {
  const order = byLevel(graph.level);
  const bits = new Int32Array(order.length);
  const above = new Int32Array(order.length);
  for (let first = 0; first < questions.length; first += ANCESTORS_AT_ONCE) {
    const asked = questions.slice(first, first + ANCESTORS_AT_ONCE);
    asked.forEach((each, bit) => {
      bits[ancestors[each[0]!]!] = 1 << bit;
    });
    for (const node of order) {
      let mask = 0;
      for (let edge = graph.dependencyStart[node]!; edge < graph.dependencyStart[node + 1]!; edge++) {
        const dependency = graph.dependencies[edge]!;
        mask |= above[dependency]! | bits[dependency]!;
      }
      above[node] = mask;
    }
    asked.forEach((each, bit) => {
      for (const question of each) answers[question] = (above[nodes[question]!]! >>> bit) & 1;
      bits[ancestors[each[0]!]!] = 0;
    });
  }
}

/** The nodes in the order of their levels. */
function byLevel(level: Int32Array): Int32Array {
  const start = new Int32Array(level.length + 1);
  for (const its of level) start[its + 1]!++;
  for (let each = 0; each < level.length; each++) start[each + 1]! += start[each]!;
  const nodes = new Int32Array(level.length);
  level.forEach((its, node) => {
    nodes[start[its]!++] = node;
  });
  return nodes;
}

/** Whether a node is a direct dependent. Rows of dependents rise, so a join of 20,000 is found in 15 steps. */
function isDependent(graph: Graph, ancestor: NodeIndex, node: NodeIndex): boolean {
  let low = graph.dependentStart[ancestor]!;
  let high = graph.dependentStart[ancestor + 1]!;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (graph.dependents[middle]! < node) low = middle + 1;
    else high = middle;
  }
  return low < graph.dependentStart[ancestor + 1]! && graph.dependents[low] === node;
}

/**
 * A spanning forest of the graph. Each node is a child of its deepest dependency, and holds the numbers `enter..leave` of
 * its subtree. Being inside proves descent; being outside proves nothing. Chains and trees need no walks.
 */
type Tree = { readonly enter: Int32Array; readonly leave: Int32Array };

function makeTree(graph: Graph): Tree {
  const count = graph.level.length;
  const parent = new Int32Array(count).fill(-1);
  for (let node = 0; node < count; node++) {
    for (let edge = graph.dependencyStart[node]!; edge < graph.dependencyStart[node + 1]!; edge++) {
      const dependency = graph.dependencies[edge]!;
      if (parent[node] === -1 || graph.level[dependency]! > graph.level[parent[node]!]!) parent[node] = dependency;
    }
  }
  const enter = new Int32Array(count);
  const leave = new Int32Array(count);
  const cursor = graph.dependentStart.slice(0, count);
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
      if (edge === graph.dependentStart[node + 1]!) {
        leave[node] = number;
        depth--;
        continue;
      }
      cursor[node] = edge + 1;
      const child = graph.dependents[edge]!;
      if (parent[child] !== node) continue;
      stack[++depth] = child;
      enter[child] = number++;
    }
  }
  return { enter, leave };
}

function isBelow(tree: Tree, ancestor: NodeIndex, node: NodeIndex): boolean {
  return tree.enter[node]! > tree.enter[ancestor]! && tree.enter[node]! < tree.leave[ancestor]!;
}

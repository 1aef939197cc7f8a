/** The order of a graph, its cycles, and who stands above whom. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { answersOf } from "../../../src/workflow/plan/ancestry.ts";
import { order, type Rows } from "../../../src/workflow/plan/order.ts";
import { planOf } from "./plans.ts";

/** Rows from one list of dependencies a node. */
function rows(dependencies: readonly (readonly number[])[]): Rows {
  const start = new Int32Array(dependencies.length + 1);
  dependencies.forEach((row, node) => {
    start[node + 1] = (start[node] ?? 0) + row.length;
  });
  return { start, targets: new Int32Array(dependencies.flat()) };
}

/** For each node some of those before it. */
const randomDag = fc
  .integer({ min: 1, max: 40 })
  .chain((count) =>
    fc.tuple(
      ...Array.from({ length: count }, (_, node) =>
        fc.uniqueArray(fc.integer({ min: 0, max: Math.max(0, node - 1) }), { maxLength: node === 0 ? 0 : 4 }),
      ),
    ),
  );

describe("order", () => {
  test("every level is one above the highest dependency, and dependents are dependencies turned round", () => {
    fc.assert(
      fc.property(randomDag, (dependencies) => {
        const ordering = order(rows(dependencies));
        if (ordering.type === "cyclic") throw new Error("A graph without cycles was called cyclic.");
        const { level, dependents } = ordering;
        dependencies.forEach((row, node) => {
          expect(level[node]).toBe(row.length === 0 ? 0 : 1 + Math.max(...row.map((dependency) => level[dependency] ?? 0)));
          const below = [...dependents.targets.subarray(dependents.start[node], dependents.start[node + 1])];
          expect(below).toEqual(dependencies.flatMap((other, position) => (other.includes(node) ? [position] : [])));
        });
      }),
    );
  });

  test("a cycle is found among nodes that merely stand before or after it", () => {
    const ordering = order(rows([[], [0, 3], [1], [2], [3], []]));
    if (ordering.type !== "cyclic") throw new Error("The cycle was not found.");
    const { cycle } = ordering;
    expect([...cycle].sort()).toEqual([1, 2, 3]);
    // In the direction of flow: each is a dependency of the next.
    expect(cycle[(cycle.indexOf(1) + 1) % 3]).toBe(2);
    expect(cycle[(cycle.indexOf(2) + 1) % 3]).toBe(3);
  });

  test("a chain of 50,000 and a cycle of as many take no recursion", () => {
    const chain = Array.from({ length: 50_000 }, (_, node) => (node === 0 ? [] : [node - 1]));
    expect(order(rows(chain)).type).toBe("ordered");
    const ring = order(rows([[49_999], ...chain.slice(1)]));
    expect(ring.type === "cyclic" && ring.cycle.length).toBe(50_000);
  });
});

describe("which nodes come before which", () => {
  const randomPlan = (dependencies: readonly (readonly number[])[]) =>
    planOf(dependencies.map((row, node) => ({ id: `n${node}`, after: row.map((dependency) => `n${dependency}`) })));

  /** By a plain search. */
  const aboveIn = (dependencies: readonly (readonly number[])[]): readonly ReadonlySet<number>[] => {
    const above = dependencies.map(() => new Set<number>());
    dependencies.forEach((row, node) => {
      for (const dependency of row) for (const far of [dependency, ...(above[dependency] ?? [])]) above[node]?.add(far);
    });
    return above;
  };

  test("is said of every two nodes at once, and of one node or one ancestor alone, as by a plain search", () => {
    fc.assert(
      fc.property(randomDag, fc.nat(), (dependencies, one) => {
        const plan = randomPlan(dependencies);
        const above = aboveIn(dependencies);
        const pairs = dependencies.flatMap((_, node) => dependencies.map((__, ancestor) => ({ node, ancestor })));
        const chosen = one % dependencies.length;
        for (const asked of [pairs, pairs.filter(({ node }) => node === chosen), pairs.filter(({ ancestor }) => ancestor === chosen)]) {
          const questions = { nodes: asked.map(({ node }) => node), ancestors: asked.map(({ ancestor }) => ancestor) };
          const expected = asked.map(({ node, ancestor }) => (above[node]?.has(ancestor) === true ? 1 : 0));
          expect([...(answersOf(plan, questions, 1_000_000) ?? [])]).toEqual(expected);
        }
      }),
    );
  });

  test("takes one walk for a node that names thousands, and one for thousands that name a node", () => {
    // Layers, each node on all of the layer before: a spanning tree proves next to nothing.
    const [layers, wide] = [10, 40];
    const rows = Array.from({ length: layers * wide }, (_, node) =>
      node < wide ? [] : Array.from({ length: wide }, (__, at) => (Math.floor(node / wide) - 1) * wide + at),
    );
    const plan = randomPlan(rows);
    const walk = plan.ids.length + plan.dependencies.length;
    const last = rows.length - 1;
    const roots = Array.from({ length: wide }, (_, root) => root);
    const bottom = roots.map((root) => last - root);
    expect(answersOf(plan, { nodes: roots.map(() => last), ancestors: roots }, walk)).toEqual(new Uint8Array(wide).fill(1));
    expect(answersOf(plan, { nodes: bottom, ancestors: bottom.map(() => wide - 1) }, walk)).toEqual(new Uint8Array(wide).fill(1));
    // All of them together: two walks for 40 ancestors, of 32 in each.
    const all = { nodes: roots.flatMap(() => bottom), ancestors: roots.flatMap((root) => bottom.map(() => root)) };
    expect(answersOf(plan, all, 2 * walk)).toEqual(new Uint8Array(wide * wide).fill(1));
    expect(answersOf(plan, all, 2 * walk - 1)).toBeNull();
  });

  test("is not looked for where that takes more steps than it may", () => {
    const plan = randomPlan([[], [], [0], [0, 1], [2, 3]]);
    expect(answersOf(plan, { nodes: [2, 4], ancestors: [0, 2] }, 0)).toEqual(Uint8Array.of(1, 1));
    expect(answersOf(plan, { nodes: [4], ancestors: [1] }, 0)).toBeNull();
    expect(answersOf(plan, { nodes: [4], ancestors: [1] }, 100)).toEqual(Uint8Array.of(1));
  });
});

/** The order of a graph, its cycles, and who stands above whom. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isAncestor } from "../../src/workflow/graph.ts";
import { order, type Rows } from "../../src/workflow/order.ts";
import { planOf, workflow } from "./definitions.ts";

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

describe("isAncestor", () => {
  test("says of every two nodes what a plain search says", () => {
    fc.assert(
      fc.property(randomDag, (dependencies) => {
        const plan = planOf(
          workflow(dependencies.map((row, node) => ({ id: `n${node}`, dependencies: row.map((dependency) => `n${dependency}`) }))),
        );
        const above = dependencies.map(() => new Set<number>());
        dependencies.forEach((row, node) => {
          for (const dependency of row) for (const far of [dependency, ...(above[dependency] ?? [])]) above[node]?.add(far);
        });
        for (let node = 0; node < dependencies.length; node++) {
          for (let other = 0; other < dependencies.length; other++)
            expect(isAncestor(plan, other, node)).toBe(above[node]?.has(other) ?? false);
        }
      }),
    );
  });

  test("with its budget used up it says yes", () => {
    // "d" hangs under "b" in the forest, "c" is reached only by a walk.
    const plan = planOf(
      workflow([
        { id: "a" },
        { id: "side" },
        { id: "b", dependencies: ["a"] },
        { id: "c", dependencies: ["side", "a"] },
        { id: "d", dependencies: ["b", "c"] },
        { id: "e", dependencies: ["d"] },
        { id: "other" },
      ]),
    );
    const at = (id: string): number => plan.index.get(id) ?? -1;
    expect(isAncestor(plan, at("c"), at("e"), { steps: 100 })).toBe(true);
    expect(isAncestor(plan, at("other"), at("e"), { steps: 100 })).toBe(false);
    expect(isAncestor(plan, at("other"), at("e"), { steps: 0 })).toBe(true);
  });
});

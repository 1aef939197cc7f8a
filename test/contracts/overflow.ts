/** What every pool promises of attempts that leave for other instances, and come back. Run by each implementation that lets any out. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { AttemptKey, ExecutionAttempts, Pool, Spilled } from "../../src/pool/pool.ts";
import { attemptOf } from "../pool/fixtures/behaviours.ts";
import { OverflowWitness } from "../pool/overflow-witness.ts";
import { Witness } from "../pool/witness.ts";
import type { MakePool } from "./pool.ts";

const ALL = (): boolean => true;

export function overflowContract(name: string, makePool: MakePool): void {
  describe(`the ${name} pool's overflow`, () => {
    let pool: Pool;
    let listener: OverflowWitness;
    let attempts: ExecutionAttempts;
    let witness: Witness;

    beforeEach(async () => {
      pool = makePool({ slots: 1, abortGraceMs: 100, report: () => undefined });
      listener = new OverflowWitness();
      pool.overflow.listen(50, listener);
      await pool.ready();
      witness = new Witness();
      attempts = pool.attach({ id: "e", name: "its name" }, witness);
    });
    afterEach(() => pool.close());

    /** One runs until it is aborted, so that these wait. */
    async function waiting(...nodes: readonly number[]): Promise<void> {
      attempts.start(attemptOf("until aborted", { node: 0 }));
      await witness.begin(0);
      for (const node of nodes) attempts.start(attemptOf("where", { node }));
    }

    const key = (node: number, attempt = 1): AttemptKey => ({ execution: "e", node, attempt });
    const nodesOf = (spilled: readonly Spilled[]): readonly number[] => spilled.map(({ attempt }) => attempt.node);

    test("what has waited for long is told as a surplus", async () => {
      await waiting(1, 2, 3);
      if (pool.overflow.surplus() === 0) await listener.nextSurplus();
      expect(pool.overflow.surplus()).toBe(3);
    });

    test("what goes out comes whole, holds no slot, and is not started again", async () => {
      await waiting(1, 2);
      const parent = { id: "__proto__", status: "COMPLETED", attempt: 3, error: null, output: '"é🎭"' };
      const attempt = attemptOf("where", { node: 3, config: '{"a":1}', scope: [parent], parents: [parent] });
      attempts.start(attempt);
      expect(pool.overflow.spill(1, ALL)).toEqual([{ execution: { id: "e", name: "its name" }, attempt }]);
      expect(pool.overflow.outside).toBe(1);
      expect(pool.load().waiting).toBe(2);
      expect(attempts.size).toBe(4);
      attempts.start(attempt);
      expect(pool.load().waiting).toBe(2);
      attempts.abort("make room");
      await witness.endsOf(3);
      expect(pool.overflow.spill(9, ALL)).toEqual([]);
    });

    test("what is taken in again runs here, once", async () => {
      await waiting(1, 2, 3);
      const keys = pool.overflow.spill(9, ALL).map(({ attempt }) => key(attempt.node));
      expect(keys).toHaveLength(3);
      pool.overflow.takeIn([...keys, key(0), key(77)]);
      pool.overflow.takeIn(keys);
      expect(pool.overflow.outside).toBe(0);
      attempts.abort("make room");
      await witness.endsOf(4);
      expect(witness.ends.map(({ node }) => node)).toEqual([0, 1, 2, 3]);
    });

    test("what is claimed is told as begun there, and lost with its executor", async () => {
      await waiting(1, 2);
      pool.overflow.spill(2, ALL);
      expect(pool.overflow.claimed(key(1), "boot-2", 1_234)).toBe(true);
      expect(pool.overflow.claimed(key(1), "boot-3", 1_234)).toBe(false);
      expect(pool.overflow.claimed(key(0), "boot-2", 1_234)).toBe(false);
      expect(await witness.begin(1)).toEqual({ node: 1, attempt: 1, beganAtMs: 1_234, executor: "boot-2" });
      pool.overflow.takeIn([key(1)]);
      expect(pool.overflow.outside).toBe(1);
      pool.executorDied("boot-2");
      expect((await witness.end(1)).outcome).toEqual({ type: "lost", death: true });
      attempts.settle(1, 1);
      expect(listener.settledKeys).toEqual([key(1)]);
    });

    test("who attaches next is told of what was claimed", async () => {
      await waiting(1, 2);
      pool.overflow.spill(2, ALL);
      pool.overflow.claimed(key(1), "boot-2", 1_234);
      attempts.detach();
      witness = new Witness();
      attempts = pool.attach({ id: "e", name: "its name" }, witness);
      expect(await witness.begin(1)).toMatchObject({ executor: "boot-2" });
      attempts.start(attemptOf("where", { node: 1 }));
      attempts.start(attemptOf("where", { node: 2 }));
      expect(pool.load().waiting).toBe(0);
    });

    test("an outcome that comes from outside settles it, also where nobody here knows who claimed it", async () => {
      await waiting(1, 2);
      pool.overflow.spill(2, ALL);
      pool.overflow.claimed(key(2), "boot-2", 1_234);
      attempts.settle(1, 1);
      attempts.settle(2, 1);
      expect(listener.settledKeys).toEqual([key(1), key(2)]);
      expect(pool.overflow.outside).toBe(0);
      expect(attempts.size).toBe(1);
      expect(pool.overflow.holds(key(1))).toBe(false);
    });

    test("what is outside stays when all is taken back, until it is forgotten; what is claimed stays", async () => {
      await waiting(1, 2, 3);
      expect(nodesOf(pool.overflow.spill(2, ALL))).toEqual([3, 2]);
      pool.overflow.claimed(key(3), "boot-2", 1_234);
      expect(attempts.takeBack()).toBe(3);
      expect(listener.unwantedKeys).toEqual([{ ...key(2), aborted: false }]);
      pool.overflow.forget(key(2));
      expect(witness.returns).toBe(1);
      expect(attempts.size).toBe(2);
    });

    test("an abort is told of what is outside and of what is claimed", async () => {
      await waiting(1, 2);
      pool.overflow.spill(2, ALL);
      pool.overflow.claimed(key(1), "boot-2", 1_234);
      attempts.abort("enough");
      expect(listener.unwantedKeys).toEqual([
        { ...key(1), aborted: true },
        { ...key(2), aborted: true },
      ]);
      await witness.end(0);
      attempts.settle(0, 1);
      pool.overflow.forget(key(1));
      pool.overflow.forget(key(2));
      expect(attempts.size).toBe(0);
    });

    test("where another instance owns the execution, only what is here stays", async () => {
      await waiting(1, 2, 3);
      pool.overflow.spill(2, ALL);
      pool.overflow.claimed(key(3), "boot-2", 1_234);
      attempts.watch(4, 1, "boot-3");
      attempts.leaveOthers();
      expect(attempts.size).toBe(2);
      expect(witness.returns).toBe(1);
      expect(pool.overflow.outside).toBe(0);
      expect([0, 1, 2, 3, 4].map((node) => attempts.holds(node, 1))).toEqual([true, true, false, false, false]);
    });

    test("a clean end does not wait for what is outside, and begins nothing that comes back", async () => {
      await waiting(1, 2, 3);
      pool.overflow.spill(2, ALL);
      const drained = pool.drain(10_000);
      expect(attempts.size).toBe(3);
      expect(pool.overflow.capacity()).toBe(0);
      pool.overflow.takeIn([key(2)]);
      expect(attempts.size).toBe(2);
      expect(witness.returns).toBe(1);
      attempts.abort("enough");
      await drained;
      expect(witness.ends.map(({ node }) => node)).toEqual([0]);
    });

    test("what has not begun is given back at once as released, what has begun goes on", async () => {
      await waiting(1, 2);
      attempts.giveBack();
      expect(await witness.endsOf(2)).toMatchObject([
        { node: 1, beganAtMs: 0, outcome: { type: "released" } },
        { node: 2, beganAtMs: 0, outcome: { type: "released" } },
      ]);
      attempts.abort("enough");
      expect((await witness.end(0)).outcome).toMatchObject({ type: "completed" });
      expect(pool.load().waiting).toBe(0);
    });

    test("one attempt alone is aborted, or given back where it has not begun", async () => {
      await waiting(1, 2);
      attempts.abortOne(1, 1, "Nobody wants it.");
      expect((await witness.end(1)).outcome).toEqual({ type: "released" });
      attempts.abortOne(9, 1, "It was never here.");
      attempts.abortOne(0, 1, "Nobody wants it.");
      expect((await witness.end(0)).outcome).toEqual({ type: "completed", output: '["AbortError","Nobody wants it."]' });
      expect((await witness.end(2)).outcome).toMatchObject({ type: "completed" });
    });
  });
}

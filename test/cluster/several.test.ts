/** Several instances of the whole engine on one store: what they promise together, one scene each. */
import { describe, expect, test } from "bun:test";
import { packBody } from "../../src/cluster/commands/stored-command.ts";
import type { ExecutionAttempts, Pool } from "../../src/pool/pool.ts";
import { rememberPast } from "../store/memory/past.ts";
import type { SharedStore } from "../../src/store/shared-store.ts";
import { StoreUnavailable } from "../../src/store/store.ts";
import { refusing } from "../sim/refusing-store.ts";
import { fails, ok } from "../sim/scene.ts";
import { lanesOf, Several } from "../sim/several.ts";

const step = (id: string, after: readonly string[] = []) => ({ id, handler: "step", dependencies: after });

describe("several instances", () => {
  test("divide the lanes evenly, and take any request", async () => {
    const several = await Several.start(3, { lanes: 8 });
    expect(several.instances.map(({ engine }) => lanesOf(engine)).toSorted()).toEqual([2, 3, 3]);
    const ids: string[] = [];
    for (let count = 0; count < 6; count++) ids.push(await several.create("a", [step("x"), step("y", ["x"])]));
    expect(new Set(await Promise.all(ids.map((id) => several.ownerOf(id)))).size).toBeGreaterThan(1);
    for (const [at, id] of ids.entries()) {
      expect(await several.trigger(["a", "b", "c"][at % 3] ?? "a", id)).toEqual({ type: "accepted" });
    }
    for (const id of ids) expect(await several.ended("c", id)).toBe("COMPLETED");
    expect(several.begun).toHaveLength(12);
  });

  test("tell the truth of fifty triggers at once through all of them: one starts it, the others are told so", async () => {
    const several = await Several.start(3);
    const id = await several.create("b", [step("x")]);
    const asked = Array.from({ length: 50 }, (_, at) => several.instances[at % 3]?.engine.command(id, { type: "Trigger", params: null }));
    const types = (await several.after(Promise.all(asked))).map((answer) => answer?.type);
    expect(types.filter((type) => type === "accepted")).toHaveLength(1);
    expect(types.filter((type) => type === "rejected")).toHaveLength(49);
  });

  test("answer a wait for the end at an instance that does not own the execution", async () => {
    const several = await Several.start(2, {
      nodes: { x: () => new Promise((resolve) => void several.world.after(500, () => resolve(ok("1")))) },
    });
    const id = await several.create("a", [step("x")]);
    const owner = await several.ownerOf(id);
    const other = owner === "a" ? "b" : "a";
    await several.trigger(other, id);
    const beganAtMs = several.world.nowMs();
    expect(await several.after(several.at(other).engine.waitForEnd(id, 20_000))).toBe(true);
    expect(several.world.nowMs() - beganAtMs).toBeLessThan(2_000);
  });
});

describe("one execution that is too wide for its owner's threads", () => {
  const WIDTH = 300;
  const wide = [step("root"), ...Array.from({ length: WIDTH }, (_, at) => step(`n${at}`, ["root"]))];
  const slow = (several: () => Several) => () =>
    new Promise<ReturnType<typeof ok>>((resolve) => void several().world.after(50, () => resolve(ok("1"))));

  test("uses those of all instances, each node once", async () => {
    let several: Several | null = null;
    const run = slow(() => several as Several);
    const nodes = Object.fromEntries(wide.slice(1).map(({ id }) => [id, run]));
    several = await Several.start(3, { slots: 4, nodes });
    const id = await several.create("a", wide);
    await several.trigger("b", id);
    expect(await several.ended("c", id)).toBe("COMPLETED");
    expect(new Set(several.begun.map((each) => each.slice(3))).size).toBe(WIDTH + 1);
    expect(several.begun).toHaveLength(WIDTH + 1);
    const shares = ["a", "b", "c"].map((name) => several?.begun.filter((each) => each.startsWith(name)).length ?? 0);
    expect(Math.min(...shares)).toBeGreaterThan(WIDTH / 6);
  });

  test("survives the death of its owner, and of one who has claimed", async () => {
    for (const [seed, victim] of [
      [1, "owner"],
      [2, "claimer"],
      [3, "owner"],
      [4, "claimer"],
    ] as const) {
      let several: Several | null = null;
      const run = slow(() => several as Several);
      const nodes = Object.fromEntries(wide.slice(1).map(({ id }) => [id, run]));
      several = await Several.start(3, { slots: 4, nodes, seed });
      const id = await several.create("a", wide);
      const owner = await several.ownerOf(id);
      await several.trigger(owner, id);
      const all = several;
      await all.world.until(() => all.begun.some((each) => !each.startsWith(owner)), "somebody has claimed");
      await all.world.pass(500);
      all.kill(victim === "owner" ? owner : (["a", "b", "c"].find((name) => name !== owner) ?? ""));
      expect(await all.ended(all.instances[0]?.name ?? "", id)).toBe("COMPLETED");
      const { nodes: ended } = await all.view(all.instances[0]?.name ?? "", id);
      expect(ended.every(({ state }) => state === "COMPLETED")).toBe(true);
      expect(all.begun.length).toBeLessThan(WIDTH + 1 + 3 * 4 * 10);
    }
  });
});

describe("the death of an instance", () => {
  test("leaves its executions to the others, which go on with them within five seconds", async () => {
    const hang = { x: () => new Promise<never>(() => undefined) };
    const several = await Several.start(3, { nodes: hang });
    const id = await several.create("a", [step("w"), step("x", ["w"]), step("y", ["w"])]);
    const owner = await several.ownerOf(id);
    await several.trigger(owner, id);
    await several.world.until(() => several.begun.some((each) => each.endsWith("x/1")), "x has begun");
    await several.world.pass(200);
    several.kill(owner);
    Object.assign(hang, { x: () => ok("1") });
    const diedAtMs = several.world.nowMs();
    const other = several.instances[0]?.name ?? "";
    expect(await several.ended(other, id)).toBe("COMPLETED");
    expect(several.world.nowMs() - diedAtMs).toBeLessThan(5_000);
    const again = several.begun.filter((each) => !each.startsWith(owner));
    expect(again.map((each) => each.slice(3))).toEqual(["x/2"]);
  });

  test("is noticed by a paused one when it wakes: what it ran is aborted, and its outcomes are refused", async () => {
    const aborted: string[] = [];
    const several = await Several.start(2, {
      nodes: {
        x: (attempt, signal) =>
          attempt.attempt > 1
            ? ok('"second"')
            : new Promise((resolve) => {
                signal.addEventListener("abort", () => {
                  aborted.push(String(attempt.attempt));
                  resolve(ok('"first"'));
                });
              }),
      },
    });
    const id = await several.create("a", [step("x")]);
    const owner = await several.ownerOf(id);
    const other = owner === "a" ? "b" : "a";
    await several.trigger(owner, id);
    await several.world.until(() => several.begun.length === 1, "x has begun");
    const { life } = several.at(owner);
    life.pause();
    expect(await several.ended(other, id)).toBe("COMPLETED");
    life.resume();
    await several.world.until(() => aborted.length > 0, "the woken one has aborted what it ran");
    await several.world.pass(5_000);
    const { nodes } = await several.view(other, id);
    expect(nodes[0]).toMatchObject({ state: "COMPLETED", output: '"second"', attempts: 2 });
  });
});

describe("an instance that is fenced before it is told so", () => {
  test("leaves nothing behind: neither room for executions nor attempts in hand", async () => {
    let owner = "";
    let knows = true;
    const several = await Several.start(2, {
      nodes: { x: () => new Promise((resolve) => void several.world.after(1_000, () => resolve(ok("1")))) },
      through: (store, name) => refusing(store, (call) => name === owner && !knows && (call === "renew" || call === "leases")),
    });
    const id = await several.create("a", [step("x")]);
    owner = await several.ownerOf(id);
    const other = owner === "a" ? "b" : "a";
    await several.trigger(owner, id);
    await several.world.until(() => several.begun.length === 1, "x has begun");
    const { life, engine } = several.at(owner);
    life.pause();
    expect(await several.ended(other, id)).toBe("COMPLETED");
    knows = false;
    life.resume();
    await several.world.pass(1_000);
    knows = true;
    await several.world.pass(10_000);
    expect(engine.health().executions).toEqual({ active: 0, running: 0, waiting: 0 });
    expect(engine.health().pool).toMatchObject({ begun: 0, waiting: 0 });
  });
});

describe("an outcome that waits for the next owner", () => {
  test("may end the execution before the death of the last one is recorded: there is nothing to record any more", async () => {
    const several = await Several.start(2, { nodes: { x: () => new Promise<never>(() => undefined) } });
    const id = await several.create("a", [step("x")]);
    const owner = await several.ownerOf(id);
    await several.trigger(owner, id);
    await several.world.until(() => several.begun.length === 1, "x has begun");
    several.kill(owner);
    const body = packBody({ type: "Outcome", node: 0, attempt: 1, beganAtMs: several.world.nowMs(), outcome: ok('"elsewhere"') });
    await several.truth.send({ id: "outcome-of-x", execution: id, body });
    const other = several.instances[0]?.name ?? "";
    expect(await several.ended(other, id)).toBe("COMPLETED");
    await several.after(several.at(other).engine.stop(1_000));
    const taken = await several.truth.takeLease(several.truth.laneOf(id), "next", 3_000);
    expect(taken).toMatchObject({ type: "taken", lease: { diedBootId: null } });
  });

  test("counts before that owner starts what is ready", async () => {
    let finish = (): void => undefined;
    let owner = "";
    const several = await Several.start(2, {
      slots: 1,
      nodes: { long: () => new Promise((resolve) => void (finish = () => resolve(ok("1")))) },
      through: (store, name) => refusing(store, (call) => call === "commandsAfter" && name === owner),
    });
    const id = await several.create("a", [step("long"), step("x")]);
    owner = await several.ownerOf(id);
    await several.trigger(owner, id);
    await several.world.until(() => several.begun.length === 1, "the long node has begun, and x waits");
    const body = packBody({ type: "Outcome", node: 1, attempt: 1, beganAtMs: several.world.nowMs(), outcome: ok('"elsewhere"') });
    await several.truth.send({ id: "outcome-of-x", execution: id, body });
    const stopping = several.at(owner).engine.stop(60_000);
    await several.world.pass(5_000);
    finish();
    await several.after(stopping);
    several.kill(owner);
    expect(await several.ended(several.instances[0]?.name ?? "", id)).toBe("COMPLETED");
    expect(several.begun.map((each) => each.slice(3))).toEqual(["long/1"]);
  });
});

describe("an attempt that waits for a large output", () => {
  test("does not begin where the lease has lapsed meanwhile", async () => {
    let [owner, reader, knows] = ["", "", true];
    const several = await Several.start(3, {
      nodes: { w: () => ok(JSON.stringify("x".repeat(70_000))), x: () => new Promise<never>(() => undefined) },
      through(store, name, life) {
        const refused = refusing(store, (call) => name === reader && !knows && (call === "renew" || call === "leases"));
        const large: SharedStore["large"] = async (id, keys) => {
          if (name !== owner) await new Promise<void>((resolve) => void life.after(2_000, resolve));
          return store.large(id, keys);
        };
        return new Proxy(refused, { get: (target, call) => (call === "large" ? large : Reflect.get(target, call, target)) });
      },
    });
    const config = { text: "{{ w.output }}" };
    const id = await several.create("a", [step("w"), { ...step("x", ["w"]), config }]);
    owner = await several.ownerOf(id);
    await several.trigger(owner, id);
    await several.world.until(() => several.begun.length === 2, "x has begun");
    several.kill(owner);
    await several.world.until(
      () => lanesOf(several.instances[0]!.engine) + lanesOf(several.instances[1]!.engine) === 8,
      "all lanes are owned",
    );
    reader = await several.ownerOf(id);
    await several.world.pass(500);
    const { life } = several.at(reader);
    life.pause();
    knows = false;
    await several.world.until(() => several.begun.length > 2, "the third instance has begun it");
    life.resume();
    await several.world.pass(5_000);
    expect(several.begun.filter((each) => each.startsWith(reader))).toEqual([]);
  });
});

describe("an execution that went on elsewhere", () => {
  test("is not taken for new by the instance that created it, when its lane comes back there", async () => {
    let finish = (): void => undefined;
    const several = await Several.start(2, {
      nodes: { x: () => new Promise((resolve) => void (finish = () => resolve(ok("1")))) },
    });
    const ids: string[] = [];
    for (let count = 0; count < 4; count++) ids.push(await several.create("a", [step("x")]));
    const owners = await Promise.all(ids.map((each) => several.ownerOf(each)));
    const id = ids[owners.indexOf("a")] ?? "";
    const { life, engine } = several.at("a");
    life.pause();
    await several.world.until(() => lanesOf(several.at("b").engine) === 8, "b owns all lanes");
    await several.trigger("b", id);
    await several.world.until(() => several.begun.length === 1, "x has begun");
    life.resume();
    // Half of the lanes come back to a, one after the other; and the rest, when b leaves.
    await several.world.pass(10_000);
    const stopping = several.at("b").engine.stop(60_000);
    await several.world.until(() => lanesOf(engine) === 8, "a owns all lanes");
    finish();
    await several.after(stopping);
    expect(await several.ended("a", id)).toBe("COMPLETED");
    expect(several.begun).toEqual(["b: x/1"]);
  });
});

describe("an instance that lost its lane while it was paused", () => {
  test("tells what it aborts, since the owner after the next waits for it, where the next died without a word", async () => {
    let [owner, second, paused] = ["", "", false];
    const several = await Several.start(3, {
      nodes: {
        x: (attempt, signal) =>
          attempt.attempt > 1 ? ok("1") : new Promise((resolve) => signal.addEventListener("abort", () => resolve(fails("Aborted.")))),
      },
      through: (store, name) =>
        refusing(store, (call) => {
          if (call === "takeLease") return paused && name === owner;
          return call === "commit" && paused && name !== owner && (second === "" || name === second);
        }),
    });
    const id = await several.create("a", [step("x")]);
    owner = await several.ownerOf(id);
    await several.trigger(owner, id);
    await several.world.until(() => several.begun.length === 1, "x has begun");
    await several.world.pass(500);
    const { life, engine } = several.at(owner);
    const others = several.instances.filter((each) => each.name !== owner);
    life.pause();
    paused = true;
    // Whichever of the two takes the lane, it cannot write; then it dies, and the other one goes on.
    await several.world.until(() => others.reduce((sum, each) => sum + lanesOf(each.engine), 0) === 8, "the others own all lanes");
    second = await several.ownerOf(id);
    life.resume();
    await several.world.until(() => engine.health().executions.active === 0, "the paused one has dropped what it had");
    several.kill(second);
    expect(await several.ended(several.instances.find(({ name }) => name !== owner)?.name ?? "", id)).toBe("COMPLETED");
  });
});

describe("a lane that is read anew by its last owner", () => {
  test("leaves nothing in hand of an execution that has ended meanwhile", async () => {
    let [away, loses] = [false, false];
    const attempts: ExecutionAttempts[] = [];
    const several = await Several.start(1, {
      nodes: { x: () => new Promise((resolve) => void several.world.after(4_000, () => resolve(ok("1")))) },
      through(store) {
        const lost = new Set<number>();
        const takeLease: SharedStore["takeLease"] = async (lane, ...values) => {
          const taken = await store.takeLease(lane, ...values);
          if (!loses || lost.has(lane)) return taken;
          // It cannot tell any more whether another instance has had the lane.
          lost.add(lane);
          throw new StoreUnavailable("simulated: the answer was lost");
        };
        const refused = refusing(store, (call) => away && call === "renew");
        return new Proxy(refused, { get: (target, call) => (call === "takeLease" ? takeLease : Reflect.get(target, call, target)) });
      },
      throughPool: (pool) => noting(pool, attempts),
    });
    const id = await several.create("a", [step("x")]);
    await several.trigger("a", id);
    await several.world.until(() => several.begun.length === 1, "x has begun");
    away = true;
    expect(await several.ended("a", id)).toBe("COMPLETED");
    [away, loses] = [false, true];
    await several.world.pass(10_000);
    expect(lanesOf(several.at("a").engine)).toBe(8);
    expect(attempts.filter(({ size }) => size > 0)).toEqual([]);
  });

  test("and lost before it is read leaves nothing in hand either", async () => {
    let [owner, isAway] = ["", false];
    const attempts: ExecutionAttempts[] = [];
    const several = await Several.start(2, {
      nodes: {
        x: (attempt, signal) =>
          attempt.attempt > 1 ? ok("1") : new Promise((resolve) => signal.addEventListener("abort", () => resolve(fails("Aborted.")))),
      },
      through: (store, name) => refusing(store, (call) => isAway && name === owner && (call === "renew" || call === "active")),
      throughPool: (pool, name) => (name === "a" ? noting(pool, attempts) : pool),
    });
    const ids: string[] = [];
    for (let count = 0; count < 4; count++) ids.push(await several.create("a", [step("x")]));
    const owners = await Promise.all(ids.map((each) => several.ownerOf(each)));
    const id = ids[owners.indexOf("a")] ?? "";
    owner = "a";
    await several.trigger("a", id);
    await several.world.until(() => several.begun.length === 1, "x has begun");
    isAway = true;
    rememberPast(several.files)();
    await several.world.until(() => lanesOf(several.at("b").engine) === 8, "b owns all lanes");
    isAway = false;
    expect(await several.ended("b", id)).toBe("COMPLETED");
    await several.world.pass(1_000);
    expect(attempts.filter(({ size }) => size > 0)).toEqual([]);
  });
});

/** Notes every attachment to the pool. */
function noting(pool: Pool, attempts: ExecutionAttempts[]): Pool {
  return {
    ...pool,
    attach(execution, listener) {
      const its = pool.attach(execution, listener);
      attempts.push(its);
      return its;
    },
  };
}

describe("a clean end", () => {
  test("hands over at once, and runs nothing twice: what runs goes on, and its outcome reaches the new owner", async () => {
    let finish: (() => void) | null = null;
    const several = await Several.start(3, {
      nodes: {
        long: () =>
          new Promise((resolve) => {
            finish = () => resolve(ok('"done"'));
          }),
      },
    });
    const id = await several.create("a", [step("long"), step("next", ["long"])]);
    const owner = await several.ownerOf(id);
    await several.trigger(owner, id);
    await several.world.until(() => several.begun.length === 1, "the long node has begun");
    const leaving = several.at(owner);
    const stopping = leaving.engine.stop(60_000);
    await several.world.until(
      () => several.instances.every((each) => each === leaving || lanesOf(each.engine) === 4),
      "the others own all lanes",
    );
    expect(several.world.nowMs()).toBeLessThan(1_100_000);
    expect((await several.view(several.instances.find((each) => each !== leaving)?.name ?? "", id)).nodes[0]?.state).toBe("RUNNING");
    (finish as (() => void) | null)?.();
    await several.after(stopping);
    several.kill(owner);
    expect(await several.ended(several.instances[0]?.name ?? "", id)).toBe("COMPLETED");
    expect(several.begun.map((each) => each.slice(3))).toEqual(["long/1", "next/1"]);
  });

  test("gives back what outlives the grace, which is no death: it runs again elsewhere under the next number", async () => {
    const several = await Several.start(2, {
      nodes: { long: (attempt) => (attempt.attempt > 1 ? ok("1") : new Promise<never>(() => undefined)) },
    });
    const id = await several.create("a", [step("long")]);
    const owner = await several.ownerOf(id);
    await several.trigger(owner, id);
    await several.world.until(() => several.begun.length === 1, "the long node has begun");
    await several.after(several.at(owner).engine.stop(500));
    several.kill(owner);
    expect(await several.ended(several.instances[0]?.name ?? "", id)).toBe("COMPLETED");
    const chunks = await several.truth.chunksAfter(id, 0);
    expect(chunks.map(({ text }) => text).join()).toContain('"lost","long",1');
    expect(chunks.map(({ text }) => text).join()).not.toContain("owner_died");
  });
});

describe("an execution that was created here, and by the same request at an instance that ran alone", () => {
  test("goes on with what happened there, though its owner has it in memory as it was created", async () => {
    const several = await Several.start(1);
    const id = await several.create("a", [step("x")]);
    const created = await several.after(several.truth.summary(id));
    if (created === null) throw new Error("It was not created.");
    const atMs = several.world.nowMs();
    const summary = { ...created, sequence: 2, triggeredAtMs: atMs, updatedAtMs: atMs };
    const chunks = [{ from: 2, to: 2, text: `[["triggered",${atMs},0,{"order":7}]]`, status: "PENDING" as const }];
    expect(await several.truth.extend({ summary, chunks, large: [] })).toBe(true);
    expect(await several.ended("a", id)).toBe("COMPLETED");
    expect((await several.view("a", id)).triggeredAtMs).toBe(atMs);
    expect(several.begun).toEqual(["a: x/1"]);
  });
});

/** Several instances of the whole engine on one store: attempts that one offers and another claims, one scene each. */
import { describe, expect, test } from "bun:test";
import type { ExecutionAttempts } from "../../src/pool/pool.ts";
import { rememberPast } from "../store/memory/past.ts";
import { refusing } from "../sim/refusing-store.ts";
import { ok } from "../sim/scene.ts";
import { Several } from "../sim/several.ts";

const step = (id: string, after: readonly string[] = []) => ({ id, handler: "step", dependencies: after });

describe("claims", () => {
  const WIDTH = 60;
  const wide = [step("root"), ...Array.from({ length: WIDTH }, (_, at) => step(`n${at}`, ["root"]))];
  const attempts: ExecutionAttempts[] = [];
  const start = async (count: number, through: (name: string, call: string) => boolean) => {
    attempts.length = 0;
    const run = () => new Promise<ReturnType<typeof ok>>((resolve) => void several.world.after(100, () => resolve(ok("1"))));
    const several: Several = await Several.start(count, {
      slots: 4,
      nodes: Object.fromEntries(wide.slice(1).map((node) => [node.id, run])),
      through: (store, name) => refusing(store, (call) => through(name, call)),
      throughPool: (pool) => ({
        ...pool,
        attach(execution, listener) {
          const its = pool.attach(execution, listener);
          attempts.push(its);
          return its;
        },
      }),
    });
    return several;
  };

  test("of an execution that ended are discarded by the next owner, where the last one could not any more", async () => {
    let [refuses, killed, asked] = [true, false, 0];
    const several = await start(2, (_name, call) => {
      // The next owner asks in vain at first.
      if (call === "offersIn" && killed) return asked++ < 8;
      return call === "discard" && refuses;
    });
    const id = await several.create("a", wide);
    const owner = await several.ownerOf(id);
    await several.trigger(owner, id);
    expect(await several.ended(owner, id)).toBe("COMPLETED");
    expect((await several.truth.offersIn(several.truth.laneOf(id))).length).toBeGreaterThan(0);
    several.kill(owner);
    killed = true;
    refuses = false;
    await several.world.pass(90_000);
    expect(await several.truth.offersIn(several.truth.laneOf(id))).toEqual([]);
  });

  test("are told again of what a store that was restarted has forgotten: nothing waits for ever", async () => {
    const several = await start(2, () => false);
    const id = await several.create("a", wide);
    const owner = await several.ownerOf(id);
    await several.trigger(owner, id);
    for (let falls = 1; falls <= 3; falls++) {
      const begunElsewhere = () => several.begun.filter((each) => !each.startsWith(owner)).length;
      await several.world.until(() => begunElsewhere() >= 4 * falls, "the other one runs some");
      const fallBack = rememberPast(several.files);
      await several.world.pass(150);
      fallBack();
    }
    expect(await several.ended(owner, id)).toBe("COMPLETED");
    await several.world.pass(60_000);
    expect(await several.truth.offersIn(several.truth.laneOf(id))).toEqual([]);
  });

  test("whose trigger the store has forgotten leave nothing in hand anywhere, and the next trigger begins it all anew", async () => {
    const several = await start(2, () => false);
    const id = await several.create("a", wide);
    const owner = await several.ownerOf(id);
    const fallBack = rememberPast(several.files);
    await several.trigger(owner, id);
    await several.world.until(() => several.begun.filter((each) => !each.startsWith(owner)).length >= 8, "the other one has sent outcomes");
    fallBack();
    await several.world.pass(60_000);
    expect((await several.view(owner, id)).status).toBe("PENDING");
    expect(several.instances.map(({ engine }) => engine.health().executions.active)).toEqual([0, 0]);
    expect(attempts.filter(({ size }) => size > 0)).toEqual([]);
    several.begun.length = 0;
    expect(await several.trigger("a", id)).toEqual({ type: "accepted" });
    expect(await several.ended("a", id)).toBe("COMPLETED");
    expect(several.begun).toHaveLength(1 + WIDTH);
  });

  test("whose outcomes wait for the owner run no second time where the claimer becomes the owner", async () => {
    let owner = "";
    let mayRead = false;
    // The owner never reads what is sent to it, and the next one not at once.
    const several = await start(2, (name, call) => call === "commandsAfter" && owner !== "" && (name === owner || !mayRead));
    const id = await several.create("a", wide);
    owner = await several.ownerOf(id);
    const other = owner === "a" ? "b" : "a";
    await several.trigger(owner, id);
    const sent = async () => (await several.truth.commandsAfter(several.truth.laneOf(id), 0, 100)).length;
    let waiting = 0;
    await several.world.until(() => {
      void sent().then((count) => (waiting = count));
      return waiting > 8;
    }, "outcomes wait for the owner");
    await several.after(several.at(owner).engine.stop(1_000));
    several.kill(owner);
    await several.world.pass(500);
    mayRead = true;
    expect(await several.ended(other, id)).toBe("COMPLETED");
    const ran = several.begun.filter((each) => each.startsWith(other)).map((each) => each.split("/")[0]);
    expect(ran.filter((each, at) => ran.indexOf(each) !== at)).toEqual([]);
  });
});

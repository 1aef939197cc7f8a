/** Overflow between instances, in a simulated world: nothing is lost, nothing runs twice, and all slots have work. */
import { describe, expect, test } from "bun:test";
import type { NodeOf } from "../../../src/cluster/overflow/offers.ts";
import { attemptOf } from "../../pool/fixtures/behaviours.ts";
import { JSON_CALLS } from "../../pool/json-here.ts";
import { NO_FAULTS, SOME_FAULTS } from "./faulty-offers.ts";
import { Play, type Player } from "./overflow-play.ts";

async function three(options: ConstructorParameters<typeof Play>[0] = {}): Promise<{ play: Play; a: Player; b: Player; c: Player }> {
  const play = new Play(options);
  return { play, a: await play.join("a"), b: await play.join("b"), c: await play.join("c") };
}

const byIndex: NodeOf = ({ node }) => node ?? null;

describe("attempts of one execution", () => {
  test("use the slots of all instances, about evenly", async () => {
    const { play, a } = await three();
    const beganAtMs = play.world.nowMs();
    const owner = await play.own(a, "e-1", 600, 50);
    await owner.ended(600);
    const shares = play.shares();
    for (const name of ["a", "b", "c"]) expect(shares[name]).toBeWithin(150, 260);
    expect(play.doubled()).toEqual([]);
    // Alone it takes 15 s; the three of them 5 s, and what it takes to notice.
    expect(play.world.nowMs() - beganAtMs).toBeLessThan(6_000);
    await play.world.pass(500);
    expect(await play.offersLeft()).toBe(0);
  });

  test("that wait for long and fill all slots spread as fast as there are slots elsewhere", async () => {
    const { play, a } = await three({ slots: 200 });
    const beganAtMs = play.world.nowMs();
    const owner = await play.own(a, "e-1", 600, 5_000);
    await play.world.until(() => play.runs.length === 600, "all have begun");
    expect(play.world.nowMs() - beganAtMs).toBeLessThan(1_500);
    await owner.ended(600);
    expect(play.doubled()).toEqual([]);
  });

  test("of which few wait, and those for long, go too", async () => {
    const { play, a } = await three({ slots: 2 });
    const owner = await play.own(a, "e-1", 5, 10_000);
    await play.world.pass(1_000);
    expect(play.runs).toHaveLength(5);
    await owner.ended(5);
  });

  test("stay where they begin soon by themselves, or are very short", async () => {
    const { play, a } = await three({ slots: 20 });
    const owner = await play.own(a, "e-1", 100, 10);
    await owner.ended(100);
    const many = await play.own(a, "e-2", 4_000, 1);
    await many.ended(4_000);
    expect(play.shares()).toEqual({ a: 4_100 });
  });

  test("stay where nobody else is there", async () => {
    const play = new Play();
    const a = await play.join("a");
    const owner = await play.own(a, "e-1", 40, 50);
    await owner.ended(40);
    expect(play.shares()).toEqual({ a: 40 });
  });

  test("stay while their lane may not be written to", async () => {
    const { play, a } = await three();
    const owner = await play.own(a, "e-1", 40, 50);
    a.leases.clear();
    await owner.ended(40);
    expect(play.shares()).toEqual({ a: 40 });
  });

  test("stay where they are large, and others go", async () => {
    const { play, a } = await three();
    const owner = await play.own(a, "e-1", 30, 100, { params: JSON.stringify("x".repeat(1_100_000)) });
    await play.own(a, "e-2", 30, 100);
    await owner.ended(30);
    for (const { by, key } of play.runs) if (key.startsWith("e-1/")) expect(by).toBe("a");
    expect(play.shares().b).toBeGreaterThan(0);
  });

  test("reach who claims them as they were, and come back as outcomes once", async () => {
    const { play, a } = await three();
    const parent = { id: "p", status: "COMPLETED", attempt: 1, error: null, output: '"é🎭\\ud800"' };
    const owner = await play.own(a, "e-1", 60, 50, { scope: [parent], parents: [parent], params: '{"n":9007199254740993}' });
    await owner.ended(60);
    expect(owner.outcomes.size).toBe(60);
    expect([...owner.starts.values()]).toContain("b");
    expect([...owner.starts.values()]).toContain("c");
  });

  test("are bounded: what stands unclaimed never grows beyond its limit, also where nobody claims", async () => {
    const { play, a, b, c } = await three({ slots: 1 });
    await b.claimer.stop();
    await c.claimer.stop();
    const owner = await play.own(a, "e-1", 5_000, 20);
    for (let ticks = 0; ticks < 100; ticks++) {
      await play.world.pass(20);
      expect(await play.offersLeft()).toBeLessThanOrEqual(2_000);
    }
    expect(owner.outcomes.size).toBeGreaterThan(80);
  });
});

describe("an owner", () => {
  test("takes its offers in again when its own line gets short: nobody claims, and its slots are never idle for long", async () => {
    const { play, a, b, c } = await three();
    await b.claimer.stop();
    await c.claimer.stop();
    const beganAtMs = play.world.nowMs();
    const owner = await play.own(a, "e-1", 200, 50);
    await owner.ended(200);
    expect(play.shares()).toEqual({ a: 200 });
    expect(play.world.nowMs() - beganAtMs).toBeLessThan(5_600);
  });

  test("that is itself full claims nothing", async () => {
    const { play, a, b } = await three();
    const one = await play.own(a, "e-1", 200, 50);
    const other = await play.own(b, "e-4", 200, 50);
    expect(play.truth.laneOf("e-1")).not.toBe(play.truth.laneOf("e-4"));
    await one.ended(200);
    await other.ended(200);
    expect(play.doubled()).toEqual([]);
    const crossed = play.runs
      .slice(0, 300)
      .filter(({ by, key }) => (by === "a" && key.startsWith("e-4")) || (by === "b" && key.startsWith("e-1")));
    expect(crossed).toEqual([]);
  });

  test("that hears of a claim of its own runs what was claimed: it was sent before the lane was its, so nobody else does", async () => {
    const { play, a, b, c } = await three();
    await b.claimer.stop();
    await c.claimer.stop();
    const lane = play.files.lanes[play.truth.laneOf("e-1")];
    if (lane === undefined) throw new Error("There is no such lane.");
    const offers = lane.offers.bind(lane);
    lane.offers = (ids) => offers(ids).map((view) => ({ ...view, claimedBy: view.claimedBy === "a, late" ? "a" : view.claimedBy }));
    const owner = await play.own(a, "e-1", 60, 100);
    await play.world.until(() => offers().length > 0, "something is offered");
    expect(lane.claim({ bootId: "a, late", number: 1, max: 5, awayMax: 5, can: ["0sleep"] }).length).toBeGreaterThan(0);
    await owner.ended(60);
    expect(play.shares()).toEqual({ a: 60 });
    await play.world.pass(500);
    expect(await play.offersLeft()).toBe(0);
  });

  test("whose execution has ended finds its offers gone, and waits only for what runs", async () => {
    const { play, a } = await three();
    const owner = await play.own(a, "e-1", 300, 200);
    await play.world.pass(700);
    expect(await play.offersLeft()).toBeGreaterThan(10);
    owner.attempts.takeBack();
    await play.world.until(() => owner.attempts.size === owner.outcomes.size || owner.attempts.size === 0, "only what ran is in hand");
    await play.world.pass(500);
    expect(owner.attempts.size).toBe(0);
    expect(owner.returns).toBeGreaterThan(0);
    expect(await play.offersLeft()).toBe(0);
    expect(play.runs.every(({ end }) => end === "completed")).toBe(true);
    expect(play.runs.length).toBeLessThan(40);
  });

  test("that aborts an execution stops what others have claimed of it", async () => {
    const { play, a } = await three();
    const owner = await play.own(a, "e-1", 20, 60_000);
    await play.world.until(() => play.runs.length === 6, "all slots have begun");
    owner.attempts.takeBack();
    owner.attempts.abort("The client cancelled it.");
    await play.world.pass(2_500);
    expect(play.runs.map(({ end }) => end)).toEqual(Array.from({ length: 6 }, () => "aborted"));
    expect(owner.attempts.size).toBe(0);
    expect(await play.offersLeft()).toBe(0);
  });

  test("learns of the death of a claimer, also where it had not heard of the claim yet", async () => {
    const { play, a, b, c } = await three();
    await c.claimer.stop();
    const owner = await play.own(a, "e-1", 30, 400);
    await play.world.until(() => play.runs.some(({ by }) => by === "b"), "b runs something");
    play.kill(b);
    await play.world.until(() => owner.attempts.size === 0, "nothing is in hand");
    const lost = [...owner.outcomes].filter(([, { type }]) => type === "lost");
    expect(lost.length).toBeGreaterThan(0);
    for (const [, outcome] of lost) expect(outcome).toEqual({ type: "lost", death: true });
    expect(owner.outcomes.size).toBe(30);
    expect(play.doubled()).toEqual([]);
  });

  test("that takes its lane anew finds out what was claimed meanwhile, and takes the rest in", async () => {
    const { play, a } = await three();
    const owner = await play.own(a, "e-1", 120, 50);
    for (let times = 0; times < 5; times++) {
      await play.world.pass(150);
      // The lease had lapsed and nobody else came: the store drops what is not claimed.
      await play.take(a, play.truth.laneOf("e-1"));
    }
    await owner.ended(120);
    expect(play.doubled()).toEqual([]);
    expect(owner.outcomes.size).toBe(120);
  });

  test("that has lost its lane forgets what it offered, and what others run of it", async () => {
    const { play, a, b } = await three();
    const owner = await play.own(a, "e-1", 60, 200);
    await play.world.until(() => play.runs.some(({ by }) => by === "b"), "b runs something");
    const lane = play.truth.laneOf("e-1");
    a.leases.delete(lane);
    a.surplus.drop(lane);
    owner.attempts.takeBack();
    expect(owner.attempts.size).toBeLessThanOrEqual(2);
    expect(a.pool.overflow.outside).toBe(0);
    await play.world.pass(1_000);
    expect(b.logged.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("a new owner", () => {
  test("is told what is claimed, waits for it, and starts the rest: nothing runs twice but what had begun at the dead one", async () => {
    const { play, a, b, c } = await three();
    // Whoever asks too early, or too late, is told of another time.
    expect(await play.after(b.surplus.claimsOf("e-1", byIndex))).toEqual([]);
    const first = await play.own(a, "e-1", 60, 200);
    await play.world.until(() => play.runs.some(({ by }) => by === "b") && play.runs.some(({ by }) => by === "c"), "others run some");
    const lane = play.truth.laneOf("e-1");
    const lease = a.leases.get(lane);
    play.kill(a);
    const ranAtA = new Set(play.runs.filter(({ by }) => by === "a").map(({ key }) => key));
    if (lease !== undefined) await play.truth.release(lease);
    const second = await play.own(b, "e-1", 0, 0);
    b.surplus.taken(lane);
    const claims = await play.after(b.surplus.claimsOf("e-1", byIndex));
    expect(claims.map(({ executor }) => executor)).toContain("c");
    for (const { node, attempt, executor } of claims) if (executor !== "b") second.attempts.watch(node, attempt, executor);
    // What b has claimed is in its own table; what a had begun, a real owner would start under the next number.
    for (let node = 0; node < 60; node++) {
      if (!first.outcomes.has(`${node}/1`)) second.start(attemptOf("sleep", { node, config: "50" }));
    }
    await second.ended(60 - first.outcomes.size);
    for (const key of play.doubled()) expect(ranAtA.has(key)).toBe(true);
    expect(new Set([...first.outcomes.keys(), ...second.outcomes.keys()]).size).toBe(60);
    // What is settled is discarded, also what a new owner found; what nobody asks for, after half a minute.
    await play.world.pass(61_000);
    expect(await play.offersLeft()).toBe(0);
    expect(c.logged.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("discards a claim with its outcome, also where nobody waited for that: whoever came next would wait", async () => {
    const { play, a, b, c } = await three();
    await play.own(a, "e-1", 5, 2_000);
    await play.world.until(() => play.runs.some(({ by }) => by === "c"), "another one runs some");
    const lane = play.truth.laneOf("e-1");
    const lease = a.leases.get(lane);
    play.kill(a);
    if (lease !== undefined) await play.truth.release(lease);
    const next = await play.own(b, "e-1", 0, 0);
    const claimed = (await play.after(b.surplus.claimsOf("e-1", byIndex))).filter(({ executor }) => executor === "c");
    expect(claimed.length).toBeGreaterThan(0);
    await next.ended(claimed.length);
    await play.world.pass(500);
    const left = await play.truth.offersIn(lane);
    expect(left.filter(({ claimedBy }) => claimedBy === c.name)).toEqual([]);
  });
});

describe("a claimer", () => {
  test("that owns the lane when its claim is answered leaves it to the lane's supervisors", async () => {
    const { play, a, b, c } = await three({ seed: 2, faults: { ...NO_FAULTS, latencyMaxMs: 40 } });
    await c.claimer.stop();
    const first = await play.own(a, "e-1", 40, 50);
    const lane = play.truth.laneOf("e-1");
    let claimed: readonly string[] = [];
    await play.world.until(() => {
      void play.truth.offersIn(lane).then((views) => {
        claimed = views.filter(({ claimedBy }) => claimedBy === "b").map(({ id }) => id);
      });
      return claimed.length > 0;
    }, "b has claimed and does not know it yet");
    expect(b.pool.load()).toEqual({ threads: 1, begun: 0, waiting: 0 });
    const lease = a.leases.get(lane);
    play.kill(a);
    if (lease !== undefined) await play.truth.release(lease);
    const second = await play.own(b, "e-1", 0, 0);
    const claims = await play.after(b.surplus.claimsOf("e-1", byIndex));
    expect(claims.map(({ executor }) => executor)).toEqual(claimed.map(() => "b"));
    for (const { node, attempt } of claims) expect(second.attempts.holds(node, attempt)).toBe(false);
    for (let node = 0; node < 40; node++) {
      if (!first.outcomes.has(`${node}/1`)) second.start(attemptOf("sleep", { node, config: "50" }));
    }
    await second.ended(40 - first.outcomes.size);
    expect(b.logged.filter(({ level }) => level === "error")).toEqual([]);
    for (const { node } of claims) expect(play.runs.filter(({ key }) => key === `e-1/${node}/1`)).toHaveLength(1);
  });

  test("that is stopping claims nothing more, and what it has runs to its end", async () => {
    const { play, a, b, c } = await three();
    await c.claimer.stop();
    const owner = await play.own(a, "e-1", 100, 50);
    await play.world.until(() => play.runs.some(({ by }) => by === "b"), "b runs something");
    await play.after(b.claimer.stop());
    await play.world.pass(1);
    const taken = b.pool.load().begun + (play.shares().b ?? 0);
    await owner.ended(100);
    expect(play.shares().b).toBeLessThanOrEqual(taken);
    expect(play.doubled()).toEqual([]);
  });

  test("hears of offers though rings are lost", async () => {
    const { play, a } = await three({ lostRings: 0.9 });
    const owner = await play.own(a, "e-1", 300, 50);
    await owner.ended(300);
    expect(play.shares().b).toBeGreaterThan(20);
    expect(play.shares().c).toBeGreaterThan(20);
  });
});

describe("what its owner cannot run", () => {
  const onlyC = { handlers: { a: ["noop"], b: ["noop"] } };

  test("goes to the one that can, at once, and to nobody else", async () => {
    const { play, a } = await three(onlyC);
    const owner = await play.own(a, "e-1", 40, 50);
    await owner.ended(40);
    expect(play.shares()).toEqual({ c: 40 });
    await play.world.pass(500);
    expect(await play.offersLeft()).toBe(0);
  });

  test("is claimed also by who has work enough of its own, and has its turn there before what comes later", async () => {
    const { play, a, c } = await three(onlyC);
    const full = await play.own(c, "e-4", 100, 50);
    await play.world.pass(300);
    const owner = await play.own(a, "e-1", 8, 50);
    await play.world.pass(1_000);
    for (let node = 100; node < 300; node++) full.start(attemptOf("sleep", { node, config: "50" }));
    await owner.ended(8);
    expect(full.outcomes.size).toBeLessThan(150);
    await full.ended(300);
    expect(play.doubled()).toEqual([]);
  });

  test("is made and read in a thread where it is large, once each, and runs once", async () => {
    const { play, a } = await three(onlyC);
    JSON_CALLS.length = 0;
    const owner = await play.own(a, "e-1", 3, 50);
    owner.start(attemptOf("sleep", { node: 3, config: "50", params: JSON.stringify({ x: "y".repeat(2 * 2 ** 20) }) }));
    await owner.ended(4);
    expect(JSON_CALLS).toEqual(["write", "read"]);
    expect([play.shares(), play.doubled()]).toEqual([{ c: 4 }, []]);
  });

  test("comes back where the one that can is gone before it claims, waits, and goes to the next that can", async () => {
    const { play, a, c } = await three({ ...onlyC, slots: 1 });
    await c.claimer.stop();
    const owner = await play.own(a, "e-1", 5, 50);
    await play.world.pass(200);
    expect(await play.offersLeft()).toBe(5);
    play.kill(c);
    await play.world.pass(500);
    expect([await play.offersLeft(), a.pool.overflow.away]).toEqual([0, 5]);
    await play.join("d");
    await owner.ended(5);
    expect(play.shares()).toEqual({ d: 5 });
  });

  test("runs here where a load brings its handler, also what was offered already", async () => {
    const { play, a, c } = await three(onlyC);
    await c.claimer.stop();
    const owner = await play.own(a, "e-1", 5, 50);
    await play.world.pass(200);
    expect(await play.offersLeft()).toBe(5);
    expect(await play.after(a.renew(["noop", "sleep"]))).toMatchObject({ ok: true });
    await owner.ended(5);
    expect(play.shares()).toEqual({ a: 5 });
    await play.world.pass(500);
    expect(await play.offersLeft()).toBe(0);
  });
});

describe("the tests have teeth", () => {
  test.each(["offer", "claim"] as const)("a store that takes each %s anew when it comes again is noticed", async (unnumbered) => {
    const noticed: number[] = [];
    for (let seed = 1; seed <= 25 && noticed.length === 0; seed++) {
      const { play, a } = await three({ seed, faults: { ...SOME_FAULTS, unnumbered } });
      const owner = await play.own(a, "e-1", 200, 50);
      const ended = await owner.ended(200, 50_000).then(
        () => true,
        () => false,
      );
      await play.world.pass(5_000);
      if (!ended || play.doubled().length > 0) noticed.push(seed);
    }
    expect(noticed).not.toEqual([]);
  });
});

describe("calls that are slow, lost, answered in vain, or applied seconds later", () => {
  const seeds = Array.from({ length: 25 }, (_, at) => at + 1);
  test.each(seeds)("lose and double nothing (seed %d)", async (seed) => {
    const { play, a } = await three({ seed, faults: SOME_FAULTS, lostRings: 0.2 });
    const one = await play.own(a, "e-1", 120, 50);
    const other = await play.own(a, "e-4", 60, 130, { priority: 9 });
    await one.ended(120);
    await other.ended(60);
    expect(play.doubled()).toEqual([]);
    expect([one.outcomes.size, other.outcomes.size]).toEqual([120, 60]);
    for (const outcome of [...one.outcomes.values(), ...other.outcomes.values()]) expect(outcome.type).toBe("completed");
    await play.world.pass(10_000);
    expect(await play.offersLeft()).toBe(0);
  });

  test.each(seeds.slice(0, 10))("leave nothing behind where the execution is aborted in the middle of it (seed %d)", async (seed) => {
    const { play, a } = await three({ seed, faults: SOME_FAULTS, lostRings: 0.2 });
    const owner = await play.own(a, "e-1", 120, 300);
    await play.world.pass(300 + 50 * seed);
    owner.attempts.takeBack();
    owner.attempts.abort("The client cancelled it.");
    await play.world.until(() => owner.attempts.size === 0, "nothing is in hand");
    const begun = play.runs.length;
    await play.world.pass(10_000);
    expect(await play.offersLeft()).toBe(0);
    expect(play.runs.length - begun).toBeLessThanOrEqual(12);
    expect(play.runs.filter(({ end }) => end === "open")).toEqual([]);
    expect(play.doubled()).toEqual([]);
  });

  test.each(seeds.slice(0, 10))("lose and double nothing where the lane is taken anew again and again (seed %d)", async (seed) => {
    const { play, a } = await three({ seed, faults: SOME_FAULTS });
    const owner = await play.own(a, "e-1", 120, 50);
    for (let times = 0; times < 6; times++) {
      await play.world.pass(100 + 17 * seed);
      await play.take(a, play.truth.laneOf("e-1"));
    }
    await owner.ended(120);
    expect(play.doubled()).toEqual([]);
    expect(owner.outcomes.size).toBe(120);
  });
});

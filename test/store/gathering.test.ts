/** When a write is made: at once for whoever is alone, together for those that are under way. */
import { beforeEach, describe, expect, test } from "bun:test";
import { createGathering, type Gathering } from "../../src/store/gathering.ts";
import { World } from "../sim/world.ts";

const GATHER_MS = 2;

describe("a write", () => {
  let world: World;
  let gathering: Gathering;
  let made: string[];

  beforeEach(() => {
    world = new World();
    gathering = createGathering(world, GATHER_MS);
    made = [];
  });

  /** As a writer: asks for its turn, and writes then. */
  const write = (what: string): void => {
    const turn = gathering.turn();
    if (turn === null) made.push(`${what}@${world.monotonicMs()}`);
    else void turn.then(() => made.push(`${what}@${world.monotonicMs()}`));
  };
  const submit = (id: string, last = false): void => gathering.submitted(id, last);

  test("of one execution alone is made at once, each time", () => {
    for (let step = 0; step < 5; step++) {
      submit("a");
      write("a");
    }
    expect(made).toEqual(Array(5).fill("a@0"));
  });

  test("of one that follows another's end is made at once", () => {
    for (const id of ["a", "b", "c"]) {
      submit(id);
      write(id);
      submit(id, true);
      write(id);
    }
    expect(made).toHaveLength(6);
  });

  test("waits for others that are under way, from the last write on two milliseconds at the most", async () => {
    submit("a");
    submit("b");
    write("both");
    await world.pass(0.5);
    submit("a");
    write("a");
    expect(made).toEqual(["both@0"]);
    await world.pass(5);
    expect(made).toEqual(["both@0", "a@2"]);
  });

  test("with all in it that are under way is made at once, where waiting for newcomers has brought none", async () => {
    const round = async (): Promise<void> => {
      const before = made.length;
      submit("a");
      submit("b");
      write("both");
      // Both wait for this write's answer before they come again.
      await world.until(() => made.length > before, "it is written");
      await world.pass(0.5);
    };
    for (let learning = 0; learning < 30; learning++) await round();
    const beganMs = world.monotonicMs();
    for (let known = 0; known < 10; known++) await round();
    expect(world.monotonicMs() - beganMs).toBe(10 * 0.5);
  });

  test("waits for newcomers as long as that brings some, though all that are under way are in it", async () => {
    const beganMs = world.monotonicMs();
    for (let at = 0; at < 20; at++) {
      submit(`${at}`);
      if (at > 0) submit(`${at - 1}`, true);
      write(`${at}`);
      await world.pass(1);
    }
    const writes = new Set(made.map((each) => each.split("@")[1]));
    expect(writes.size).toBeLessThanOrEqual((world.monotonicMs() - beganMs) / GATHER_MS + 2);
  });

  test("does not wait for one that is silent: it runs something that takes its time", async () => {
    submit("slow");
    submit("a");
    write("both");
    for (let step = 0; step < 3; step++) {
      await world.pass(2 * GATHER_MS);
      submit("a");
      write("a");
    }
    expect(made).toEqual(["both@0", "a@4", "a@8", "a@12"]);
  });

  test("with so much in it that more gains nothing is made at once", async () => {
    submit("other");
    write("other");
    submit("other2");
    await world.pass(0.5);
    for (let at = 0; at < 64; at++) submit(`e${at}`);
    write("many");
    expect(made.at(-1)).toBe("many@0.5");
  });

  test("is one for all that wait, and for all that ask in the same breath", async () => {
    submit("a");
    submit("b");
    write("creates");
    write("commits");
    expect(made).toEqual(["creates@0", "commits@0"]);
    await world.pass(0.5);
    submit("a");
    write("creates");
    write("commits");
    await world.pass(5);
    expect(made.slice(2)).toEqual(["creates@2", "commits@2"]);
  });
});

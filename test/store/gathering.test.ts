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

  /** One a millisecond, each of two writes. */
  const stream = async (from: number, to: number): Promise<void> => {
    for (let at = from; at < to; at++) {
      submit(`${at}`);
      if (at > 0) submit(`${at - 1}`, true);
      write(`${at}`);
      await world.pass(1);
    }
  };
  /** By then it is known that newcomers come by themselves. */
  const known = async (): Promise<void> => {
    await stream(0, 500);
    submit("499", true);
    write("499");
    await world.pass(10);
    made = [];
  };
  const msAfter = (beganMs: number) => made.map((each) => Number(each.split("@")[1]) - beganMs);

  test("waits for others in a steady stream, from the last write on two milliseconds at the most", async () => {
    await known();
    const beganMs = world.monotonicMs();
    submit("a");
    submit("b");
    write("both");
    await world.pass(0.5);
    submit("a");
    write("a");
    expect(msAfter(beganMs)).toEqual([0]);
    await world.pass(5);
    expect(msAfter(beganMs)).toEqual([0, 2]);
  });

  test("of one alone waits for nobody in a steady stream either", async () => {
    await known();
    const beganMs = world.monotonicMs();
    for (let step = 0; step < 3; step++) {
      submit("a");
      write("a");
      await world.pass(0.5);
    }
    expect(msAfter(beganMs)).toEqual([0, 0.5, 1]);
  });

  describe("where clients come later the later they are answered", () => {
    let clients = 0;
    /** Two at a time, each new when one before has ended. */
    const round = async (): Promise<void> => {
      const before = made.length;
      for (const client of [++clients, ++clients]) {
        submit(`${client}`);
        if (client > 2) submit(`${client - 2}`, true);
      }
      write("all");
      await world.until(() => made.length > before, "it is written");
      await world.pass(0.5);
    };

    test("waits for nobody: that is found out, and soon", async () => {
      while (world.monotonicMs() < 500) await round();
      const beganMs = world.monotonicMs();
      for (let known = 0; known < 100; known++) await round();
      expect(world.monotonicMs() - beganMs).toBe(100 * 0.5);
    });
  });

  test("is one every two milliseconds in a steady stream", async () => {
    await stream(0, 500);
    made = [];
    await stream(500, 700);
    const writes = new Set(made.map((each) => each.split("@")[1]));
    expect(writes.size).toBeLessThanOrEqual(200 / GATHER_MS + 2);
  });

  test("does not wait for one that is silent: it runs something that takes its time", async () => {
    await known();
    const beganMs = world.monotonicMs();
    submit("slow");
    submit("a");
    write("both");
    for (let step = 0; step < 3; step++) {
      await world.pass(2 * GATHER_MS);
      submit("a");
      write("a");
    }
    expect(msAfter(beganMs)).toEqual([0, 4, 8, 12]);
  });

  test("with so much in it that more gains nothing is made at once", async () => {
    await known();
    const beganMs = world.monotonicMs();
    submit("other");
    write("other");
    submit("other2");
    await world.pass(0.5);
    for (let at = 0; at < 64; at++) submit(`e${at}`);
    write("many");
    expect(msAfter(beganMs)).toEqual([0, 0.5]);
  });

  test("is one for all that wait, and for all that ask in the same breath", async () => {
    await known();
    const beganMs = world.monotonicMs();
    submit("a");
    submit("b");
    write("creates");
    write("commits");
    expect(msAfter(beganMs)).toEqual([0, 0]);
    await world.pass(0.5);
    submit("a");
    write("creates");
    write("commits");
    await world.pass(5);
    expect(msAfter(beganMs)).toEqual([0, 0, 2, 2]);
  });
});

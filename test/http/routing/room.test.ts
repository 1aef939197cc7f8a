/** Who is let in where large bodies and answers share the room, and when it is free again. */
import { describe, expect, test } from "bun:test";
import { systemClock } from "../../../src/env/clock.ts";
import { systemTurns } from "../../../src/env/turns.ts";
import { bodyOf } from "../../../src/http/answer/long-text.ts";
import { createRoom, LARGE_CHARACTERS, NoRoom } from "../../../src/http/routing/room.ts";

const MIB = 1024 * 1024;
const someone = (): Request => new Request("http://localhost/");
const seams = { clock: systemClock, collect: () => Promise.resolve() };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("bodies", () => {
  test("find room up to the limit, and again when others have left, once for each", () => {
    const room = createRoom({ bodiesBytes: 100, answersAtOnce: 1 }, seams);
    const [one, other] = [someone(), someone()];
    room.takeBody(one, 60);
    expect(() => room.takeBody(other, 41)).toThrow(NoRoom);
    room.takeBody(other, 40);
    room.leaveBody(one);
    room.leaveBody(one);
    expect(() => room.takeBody(someone(), 61)).toThrow(NoRoom);
    room.takeBody(someone(), 60);
  });

  test("are read two at a time where they are large; the next waits for its turn, which comes with room, or not in time", async () => {
    const late = new Set<() => void>();
    const after = (_: number, fire: () => void) => {
      late.add(fire);
      return () => void late.delete(fire);
    };
    const clock = { ...systemClock, after };
    const room = createRoom({ bodiesBytes: 1_000 * MIB, answersAtOnce: 1 }, { ...seams, clock });
    const begun: number[] = [];
    const refused: unknown[] = [];
    const requests = [30, 30, 30, 30].map((mebibytes, position) => {
      const request = someone();
      room.takeBody(request, mebibytes * MIB);
      void room.mayRead(request).then(
        () => begun.push(position),
        (error: unknown) => refused.push(error),
      );
      return request;
    });
    await turn();
    expect(begun).toEqual([0, 1]);
    expect(() => room.readMore(someone(), 30 * MIB)).toThrow(NoRoom);
    room.leaveBody(requests[1] as Request);
    await turn();
    expect(begun).toEqual([0, 1, 2]);
    for (const fire of late) fire();
    await turn();
    expect(refused).toEqual([expect.any(NoRoom)]);
    for (const request of requests) room.leaveBody(request);
    room.readMore(someone(), 60 * MIB);
  });

  test("that were large let the next be worked on when what they have left is collected", async () => {
    const collected = Promise.withResolvers<void>();
    const room = createRoom({ bodiesBytes: 1_000 * MIB, answersAtOnce: 1 }, { ...seams, collect: () => collected.promise });
    const [one, other] = [someone(), someone()];
    for (const request of [one, other]) room.takeBody(request, 30 * MIB);
    await room.workOn(one);
    let begun = false;
    void room.workOn(other).then(() => (begun = true));
    room.leaveBody(one);
    room.leaveBody(one);
    await turn();
    expect(begun).toBe(false);
    collected.resolve();
    await turn();
    expect(begun).toBe(true);
  });

  test("are worked on one after the other where they are large, a few together where they are not, in order", async () => {
    const room = createRoom({ bodiesBytes: 1_000 * MIB, answersAtOnce: 1 }, seams);
    const begun: number[] = [];
    const requests = [30, 30, 10, 10, 10, 5].map((mebibytes, position) => {
      const request = someone();
      room.takeBody(request, mebibytes * MIB);
      void room.workOn(request).then(() => begun.push(position));
      return request;
    });
    const leave = async (position: number): Promise<void> => {
      room.leaveBody(requests[position] as Request);
      await turn();
    };
    await turn();
    expect(begun).toEqual([0]);
    await leave(0);
    expect(begun).toEqual([0, 1]);
    await leave(1);
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    await leave(3);
    expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
    await room.workOn(someone());
  });
});

describe("answers", () => {
  test("that are large by what is known before are made only where there is room, and as they are read", async () => {
    const parts = { turns: systemTurns, room: createRoom({ bodiesBytes: 1, answersAtOnce: 1 }, seams) };
    let made = 0;
    async function* pieces() {
      for (; made < 3; made++) yield "x";
    }
    const body = await bodyOf(pieces(), parts, LARGE_CHARACTERS + 1);
    expect(made).toBe(0);
    await expect(bodyOf(pieces(), parts, LARGE_CHARACTERS + 1)).rejects.toThrow(NoRoom);
    expect([await new Response(body).text(), made]).toEqual(["xxx", 3]);
    expect(typeof (await bodyOf(pieces(), parts, LARGE_CHARACTERS + 1))).toBe("object");
  });

  test("are let in up to the number of large ones, and to what all hold", () => {
    const room = createRoom({ bodiesBytes: 1, answersAtOnce: 1 }, seams);
    const [one, other] = [room.enterAnswer(), room.enterAnswer()];
    one.hold(LARGE_CHARACTERS + 1);
    other.hold(LARGE_CHARACTERS);
    expect(() => other.hold(LARGE_CHARACTERS + 1)).toThrow(NoRoom);
    one.leave();
    one.leave();
    other.hold(LARGE_CHARACTERS + 1);
    for (let held = 1; held < 4; held++) room.enterAnswer().hold(LARGE_CHARACTERS);
    expect(() => room.enterAnswer().hold(LARGE_CHARACTERS)).toThrow(NoRoom);
  });
});

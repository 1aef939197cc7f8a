/** The part of the shared stores' contract that is about offers of attempts: who claims them, and when they go. */
import { beforeEach, describe, expect, test } from "bun:test";
import type { Lease } from "../../src/store/store.ts";
import { offerId, runnable } from "../../src/store/offer-id.ts";
import type { HandlerInfo } from "../../src/workflow/definition/catalog.ts";
import type { SharedSubject } from "./shared-ground.ts";

export function offerPromises(subject: SharedSubject): void {
  describe("offers", () => {
    let lease: Lease;
    beforeEach(async () => {
      lease = await subject.lease(0, "boot-1");
    });
    const offer = (id: string) => ({ id, execution: `of ${id}`, body: `{"é":"${id}"}` });
    const make = (number: number, ...ids: readonly string[]) => subject.one.offer(lease, ids.map(offer), number);
    const claim = (bootId: string, number: number, max: number) => subject.two.claim(0, { bootId, number, max, awayMax: max, can: [] });
    const claimed = async (bootId: string, number: number, max: number) => (await claim(bootId, number, max)).map(({ id }) => id);
    const standing = async () => {
      const views = await subject.two.offersIn(0);
      return Object.fromEntries(views.map(({ id, claimedBy }) => [id, claimedBy]));
    };

    test("stand until they are claimed, by each only once, and hold all that was given", async () => {
      expect(await make(1, "o1", "o2", "o3")).toBe("offered");
      expect(await subject.two.offersIn(0)).toContainEqual({ id: "o1", execution: "of o1", claimedBy: null });
      expect(await subject.two.offersIn(1)).toEqual([]);
      const first = await claim("boot-2", 1, 2);
      expect(first).toHaveLength(2);
      for (const each of first) expect(each).toEqual(offer(each.id));
      const second = await claimed("boot-3", 1, 5);
      expect([...first.map(({ id }) => id), ...second].toSorted()).toEqual(["o1", "o2", "o3"]);
      expect(await claimed("boot-4", 1, 5)).toEqual([]);
    });

    test("are told by id too, those that are there", async () => {
      await make(1, "o1", "o2", "o3");
      const views = await subject.two.offersIn(0, ["o3", "unheard of", "o1"]);
      expect(views.map(({ id }) => id).toSorted()).toEqual(["o1", "o3"]);
      expect(await subject.two.offersIn(0, [])).toEqual([]);
    });

    test("are claimed once by the same claim: sent again it gets what is left of its answer, and nothing more", async () => {
      await make(1, "o1", "o2", "o3");
      const first = await claimed("boot-2", 1, 2);
      expect((await claimed("boot-2", 1, 2)).toSorted()).toEqual(first.toSorted());
      await subject.one.discard(0, first.slice(0, 1));
      expect(await claimed("boot-2", 1, 2)).toEqual(first.slice(1));
      expect(await claimed("boot-2", 2, 2)).toHaveLength(1);
    });

    test("are not claimed by a claim that comes late, nor by one that had found nothing", async () => {
      expect(await claimed("boot-2", 1, 5)).toEqual([]);
      await make(1, "o1", "o2");
      expect(await claimed("boot-2", 1, 5)).toEqual([]);
      expect(await claimed("boot-2", 3, 1)).toHaveLength(1);
      for (const late of [2, 1]) expect(await claimed("boot-2", late, 5)).toEqual([]);
      expect(await claimed("boot-3", 1, 5)).toHaveLength(1);
    });

    test("are not claimed by whoever owns their lane, though its claim was sent before it did; what it claimed before stays its", async () => {
      await make(1, "o1", "o2");
      expect(await claimed("boot-1", 1, 5)).toEqual([]);
      expect(await standing()).toEqual({ o1: null, o2: null });
      const [before = ""] = await claimed("boot-2", 1, 1);
      await subject.one.release(lease);
      lease = await subject.lease(0, "boot-2");
      await make(1, "o3");
      for (const number of [1, 2]) expect(await claimed("boot-2", number, 5)).toEqual(number === 1 ? [before] : []);
      expect(await standing()).toEqual({ [before]: "boot-2", o3: null });
    });

    test("are claimed by who can run them: whose handler it has, in their id or, of an older instance, in their text", async () => {
      const can = runnable(new Map([info("a/ b", []), info("joins", ["parents"])].map((each) => [each.name, each])));
      const of = (handler: string, carries: HandlerInfo["needs"], body = "{}") => {
        const id = offerId("boot-1", 1, { node: made.length, nodeId: `n${made.length}`, attempt: 1 }, { handler, carries, away: false });
        return { id, execution: "x", body };
      };
      const made: { id: string; execution: string; body: string }[] = [];
      for (const each of [of("a/ b", []), of("other", []), of("joins", []), of("joins", ["parents", "params"])]) made.push(each);
      const old = (id: string, handler: string) => ({ id, execution: "x", body: JSON.stringify(["name", 1, "n", 1, handler, "é"]) });
      made.push(old("boot-1/1/5/1", "a/ b"), old("boot-1/1/6/1", "other"));
      await subject.one.offer(lease, made, 1);
      const ask = (number: number) => subject.two.claim(0, { bootId: "boot-2", number, max: 10, awayMax: 10, can });
      const wanted = [0, 3, 4].map((at) => made[at]);
      const got = await ask(1);
      expect(got.toSorted(byId)).toEqual(wanted.flatMap((each) => each ?? []).toSorted(byId));
      expect((await ask(1)).toSorted(byId)).toEqual(got.toSorted(byId));
      expect(await ask(2)).toEqual([]);
      expect(await claimed("boot-3", 1, 10)).toHaveLength(0);
      expect(Object.values(await standing()).filter((by) => by === null)).toHaveLength(3);
    });

    test("that their owner cannot run are claimed beside the others, also by who has no room for those", async () => {
      const can = runnable(new Map([info("mine", [])].map((each) => [each.name, each])));
      const made = Array.from({ length: 1_500 }, (_, node) => {
        const id = offerId(
          "boot-1",
          node,
          { node, nodeId: `n${node}`, attempt: 1 },
          { handler: "mine", carries: [], away: node % 100 === 99 },
        );
        return { id, execution: "x", body: "{}" };
      });
      await subject.one.offer(lease, made, 1);
      const ask = async (number: number, max: number, awayMax: number) => {
        const got = await subject.two.claim(0, { bootId: "boot-2", number, max, awayMax, can });
        return [got.filter(({ id }) => id.startsWith("-")).length, got.filter(({ id }) => id.startsWith("+")).length];
      };
      expect(await ask(1, 0, 8)).toEqual([0, 8]);
      expect(await ask(2, 3, 5)).toEqual([3, 2]);
      expect(await ask(3, 0, 20)).toEqual([0, 5]);
      expect(await ask(4, 2_000, 2_000)).toEqual([1_482, 0]);
    });

    test("made again by a batch that comes late or twice are not offered anew", async () => {
      await make(1, "o1");
      await make(2, "o2");
      await subject.one.withdraw(lease, ["o1", "o2"]);
      for (const late of [1, 2]) expect(await make(late, "o1", "o2")).toBe("offered");
      expect(await standing()).toEqual({});
      await make(3, "o1");
      expect(await standing()).toEqual({ o1: null });
    });

    test("of a new batch change nothing where they stand already: who claimed one has it", async () => {
      await make(1, "o1");
      await claim("boot-2", 1, 1);
      expect(await make(2, "o1", "o2")).toBe("offered");
      expect(await standing()).toEqual({ o1: "boot-2", o2: null });
    });

    test("are neither made nor withdrawn by whoever does not hold the lane", async () => {
      await make(1, "o1");
      for (const stale of [{ bootId: "boot-2" }, { epoch: lease.epoch - 1 }, { epoch: lease.epoch + 1 }]) {
        expect(await subject.one.offer({ ...lease, ...stale }, [offer("o2")], 5)).toBe("fenced");
        expect(await subject.one.withdraw({ ...lease, ...stale }, ["o1"])).toBe("fenced");
      }
      expect(await standing()).toEqual({ o1: null });
    });

    test("that are withdrawn are gone, but for those that are claimed, which are told", async () => {
      await make(1, "o1", "o2");
      const [taken = ""] = await claimed("boot-2", 1, 1);
      const expected = [{ id: taken, execution: `of ${taken}`, claimedBy: "boot-2" }];
      await make(2, "o3");
      // Twice, as where the answer was lost.
      for (let again = 0; again < 2; again++) expect(await subject.one.withdraw(lease, ["o1", "o2", "unheard of"])).toEqual(expected);
      expect(await standing()).toEqual({ [taken]: "boot-2", o3: null });
    });

    test("are dropped when the lane is taken anew, but for those that are claimed", async () => {
      await make(1, "o1", "o2", "o3");
      const [taken = ""] = await claimed("boot-2", 1, 1);
      lease = await subject.lease(0, "boot-1");
      expect(await standing()).toEqual({ [taken]: "boot-2" });
      expect(await claimed("boot-2", 2, 5)).toEqual([]);
      // Batches are numbered anew under each lease.
      await make(1, "o4");
      expect(await claimed("boot-2", 3, 5)).toEqual(["o4"]);
      expect(await subject.one.withdraw(lease, [taken])).toMatchObject([{ id: taken, claimedBy: "boot-2" }]);
    });

    test("are gone once they are discarded, claimed or not; a claimer is told that it holds nothing any more", async () => {
      await make(1, "o1", "o2", "o3");
      await claim("boot-2", 1, 3);
      expect((await subject.one.heldClaims(0, "boot-2", ["o1", "o2", "o3", "o4"])).toSorted()).toEqual(["o1", "o2", "o3"]);
      expect(await subject.one.heldClaims(0, "boot-3", ["o1", "o2", "o3"])).toEqual([]);
      await subject.two.discard(0, ["o1", "o2", "unheard of"]);
      expect(await subject.one.heldClaims(0, "boot-2", ["o1", "o2", "o3"])).toEqual(["o3"]);
      expect(await standing()).toEqual({ o3: "boot-2" });
    });

    test("may be many, and large", async () => {
      const body = JSON.stringify("x".repeat(1_000));
      const many = Array.from({ length: 5_000 }, (_, at) => ({ id: `o${at}`, execution: "x", body }));
      expect(await subject.one.offer(lease, many, 1)).toBe("offered");
      expect(await claim("boot-2", 1, 4_500)).toHaveLength(4_500);
      const ids = many.map(({ id }) => id);
      expect(await subject.one.withdraw(lease, ids)).toHaveLength(4_500);
      await subject.one.discard(0, ids);
      expect(await standing()).toEqual({});
    });
  });
}

function info(name: string, needs: HandlerInfo["needs"]): HandlerInfo {
  return { name, names: [name], needs };
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}

/** What every doorbell promises between instances. A ring may be lost, doubled or joined with others; here none is lost, as nothing is wrong. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Doorbell, Ring } from "../../src/bus/doorbell.ts";

/** Doorbells that hear each other. */
export type DoorbellGround = {
  /** Resolves when it hears. */
  hang(): Promise<Doorbell>;
  /** Resolves when the fact holds, letting time pass. Rejects when it takes too long. */
  until(fact: () => boolean, what: string): Promise<void>;
  end(): Promise<void>;
};

const TIMEOUT_MS = 30_000;

export function doorbellContract(name: string, makeGround: () => Promise<DoorbellGround>): void {
  describe(`the doorbell: ${name}`, () => {
    let ground: DoorbellGround;
    beforeEach(async () => {
      ground = await makeGround();
    }, TIMEOUT_MS);
    afterEach(() => ground.end(), TIMEOUT_MS);

    const keep = (test: () => Promise<void>) => [test, TIMEOUT_MS] as const;

    test(
      "is heard by every other instance, and not by the one that rings",
      ...keep(async () => {
        const [one, two, three] = [await ground.hang(), await ground.hang(), await ground.hang()];
        const heard = [one, two, three].map(hearing);
        one.ring({ type: "commands", lane: 7 });
        await ground.until(() => heard[1]?.facts.size === 1 && heard[2]?.facts.size === 1, "both others hear it");
        two.ring({ type: "members" });
        await ground.until(() => heard[0]?.facts.size === 1 && heard[2]?.facts.size === 2, "both others hear the second");
        expect(heard.map(({ facts }) => [...facts])).toEqual([["members"], ["commands 7"], ["commands 7", "members"]]);
      }),
    );

    test(
      "says what was rung, whatever it was",
      ...keep(async () => {
        const [one, two] = [await ground.hang(), await ground.hang()];
        const heard = hearing(two);
        const rings: readonly Ring[] = [
          { type: "commands", lane: 1 },
          { type: "commands", lane: 1 },
          { type: "born", lane: 2, executions: ["a", "b"] },
          { type: "born", lane: 2, executions: ["c"] },
          { type: "answered", lane: 3, commands: ["k"] },
          { type: "answered", lane: 4, commands: ["l", "m"] },
          { type: "ended", executions: ["é", 'with "quotes"'] },
          { type: "ended", executions: ["z"] },
          { type: "offers", lane: 5 },
          { type: "members" },
        ];
        for (const ring of rings) one.ring(ring);
        await ground.until(() => heard.facts.size >= 12, "all of it is heard");
        expect([...heard.facts].toSorted()).toEqual(
          [
            "answered 3 k",
            "answered 4 l",
            "answered 4 m",
            "born 2 a",
            "born 2 b",
            "born 2 c",
            "commands 1",
            'ended with "quotes"',
            "ended z",
            "ended é",
            "members",
            "offers 5",
          ].toSorted(),
        );
      }),
    );

    test(
      "is not heard within the call that rings",
      ...keep(async () => {
        const [one, two] = [await ground.hang(), await ground.hang()];
        const heard = hearing(two);
        one.ring({ type: "members" });
        expect(heard.facts.size).toBe(0);
        await ground.until(() => heard.facts.size === 1, "it is heard");
      }),
    );

    test(
      "is heard for as long as somebody listens",
      ...keep(async () => {
        const [one, two] = [await ground.hang(), await ground.hang()];
        const [first, second] = [hearing(two), hearing(two)];
        first.stop();
        one.ring({ type: "offers", lane: 1 });
        await ground.until(() => second.facts.size === 1, "who still listens hears it");
        expect(first.facts.size).toBe(0);
      }),
    );

    test(
      "thousands of rings are heard",
      ...keep(async () => {
        const [one, two] = [await ground.hang(), await ground.hang()];
        const heard = hearing(two);
        for (let lane = 0; lane < 64; lane++) {
          one.ring({ type: "born", lane, executions: Array.from({ length: 50 }, (_, at) => `x${lane}-${at}`) });
        }
        await ground.until(() => heard.facts.size === 64 * 50, "every ring is heard");
      }),
    );

    test(
      "that is closed rings and hears no more, and takes no fault in being rung",
      ...keep(async () => {
        const [one, two, three] = [await ground.hang(), await ground.hang(), await ground.hang()];
        const [ofTwo, ofThree] = [hearing(two), hearing(three)];
        await two.close();
        two.ring({ type: "members" });
        one.ring({ type: "offers", lane: 1 });
        await ground.until(() => ofThree.facts.size === 1, "the other hears");
        expect([...ofThree.facts]).toEqual(["offers 1"]);
        expect(ofTwo.facts.size).toBe(0);
      }),
    );
  });
}

/** What was heard, each fact once: rings may be doubled, and joined. */
export function hearing(doorbell: Doorbell): { readonly facts: ReadonlySet<string>; stop(): void } {
  const facts = new Set<string>();
  const stop = doorbell.listen((ring) => {
    for (const fact of factsOf(ring)) facts.add(fact);
  });
  return { facts, stop };
}

function factsOf(ring: Ring): readonly string[] {
  switch (ring.type) {
    case "members":
      return ["members"];
    case "commands":
    case "offers":
      return [`${ring.type} ${ring.lane}`];
    case "born":
      return ring.executions.map((id) => `born ${ring.lane} ${id}`);
    case "answered":
      return ring.commands.map((id) => `answered ${ring.lane} ${id}`);
    case "ended":
      return ring.executions.map((id) => `ended ${id}`);
  }
}

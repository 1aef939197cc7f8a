/** Ids of offers: what they ask of a claimer, and who may take them. */
import { describe, expect, test } from "bun:test";
import { claimable, offerId, readOfferId, runnable } from "../../src/store/offer-id.ts";
import type { Catalog, HandlerInfo } from "../../src/workflow/definition/catalog.ts";

const key = { node: 17, nodeId: "join#2", attempt: 3 };
const asks = { handler: "charge", carries: [], away: false } as const;
const can = (infos: Readonly<Record<string, HandlerInfo["needs"]>>): ReadonlySet<string> => {
  const catalog: Catalog = new Map(Object.entries(infos).map(([name, needs]) => [name, { name, names: [name], needs } as HandlerInfo]));
  return new Set(runnable(catalog));
};

test("an offer's id says what it offers, and no two are alike", () => {
  expect(readOfferId(offerId("a-boot", 5, key, asks))).toEqual(key);
  for (const nodeId of ["a", "a:b", "a/b", "map[3]", "100%", "$on_exit"]) {
    expect(readOfferId(offerId("a-boot", 5, { ...key, nodeId }, asks))).toEqual({ ...key, nodeId });
  }
  expect(offerId("boot", 5, key, asks)).not.toBe(offerId("boot", 6, key, asks));
});

test("an offer of an older instance, or a stranger's, is of whatever its id says", () => {
  expect(readOfferId("+0charge/0193a1f4-boot/5/17/3")).toEqual({ node: 17, attempt: 3 });
  expect(readOfferId("0193a1f4-boot/5/17/3")).toEqual({ node: 17, attempt: 3 });
  expect(readOfferId("-0charge/boot:%zz/5/17/3")).toEqual({ node: 17, attempt: 3, nodeId: "%zz" });
});

test("an older instance reads the node's index and the attempt where they were, and takes the same offers", () => {
  const id = offerId("0193a1f4-boot", 5, key, asks);
  expect(id.split("/").reverse().slice(0, 2)).toEqual(["3", "17"]);
  expect(id).toMatch(/^([+-])(\d)([^/]*)\/[^/]*\/\d+\/\d+\/\d+$/);
});

describe("an offer may be taken", () => {
  test.each(["charge", "a/b", "ü €", "100% (sure)!", "+0x/1/2/3", "\n", "\ud800"])(
    "by who has its handler (%j), and by nobody else",
    (handler) => {
      for (const away of [false, true]) {
        const id = offerId("boot", 5, key, { handler, carries: [], away });
        expect(id).not.toContain("\n");
        expect(claimable(id, "", can({ noop: [], [handler]: [] }))).toBe(away ? "away" : "usual");
        expect(claimable(id, "", can({ noop: [] }))).toBeNull();
      }
    },
  );

  test("by a handler that needs no more than the attempt carries", () => {
    const id = (carries: HandlerInfo["needs"]) => offerId("boot", 5, key, { ...asks, carries });
    expect(claimable(id([]), "", can({ charge: ["params"] }))).toBeNull();
    expect(claimable(id(["parents"]), "", can({ charge: ["params"] }))).toBeNull();
    expect(claimable(id(["parents", "params"]), "", can({ charge: ["params"] }))).toBe("usual");
    expect(claimable(id(["parents", "params"]), "", can({ charge: [] }))).toBe("usual");
  });

  test("of an older instance by who has the handler that its text names", () => {
    const body = JSON.stringify(["name", 17, "id", 3, "a/b"]);
    expect(claimable("0193a1f4-boot/5/17/3", body, can({ "a/b": ["parents"] }))).toBe("usual");
    expect(claimable("0193a1f4-boot/5/17/3", body, can({ charge: [] }))).toBeNull();
    expect(claimable("0193a1f4-boot/5/17/3", "none of ours", can({ charge: [] }))).toBe("usual");
  });
});

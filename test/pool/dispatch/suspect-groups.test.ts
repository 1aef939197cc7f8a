/** How many suspects may be in one child at once. */
import { expect, test } from "bun:test";
import { SuspectGroups } from "../../../src/pool/dispatch/suspect-groups.ts";

test("the next group is at most half of what had begun where a child died, and never none", () => {
  const groups = new SuspectGroups(100);
  const sizes = [100, 50, 7, 3, 1, 1].map((begun) => {
    groups.died(begun);
    return groups.size;
  });
  expect(sizes).toEqual([50, 25, 3, 1, 1, 1]);
});

test("groups grow again when a whole one survives, up to the most", () => {
  const groups = new SuspectGroups(10);
  groups.died(4);
  const sizes = Array.from({ length: 17 }, () => {
    groups.survived();
    return groups.size;
  });
  expect(sizes).toEqual([2, 4, 4, 4, 4, 8, 8, 8, 8, 8, 8, 8, 8, 10, 10, 10, 10]);
});

/** The suite's own list: what it measures is there, once, and what is wanted of it is measured. */
import { describe, expect, test } from "bun:test";
import { CASE_NAMES, caseOf } from "../../bench/cases.ts";
import { MICRO_PARTS } from "../../bench/cases/micro.ts";
import { nameOf } from "../../bench/results.ts";
import { chosen, GOALS, GROUPS, RATIOS } from "../../bench/suite.ts";

const SUBJECTS = GROUPS.flatMap(({ subjects }) => subjects);
const NAMES = new Set(SUBJECTS.map(nameOf));

test("every subject is a form of a case that exists", () => {
  for (const subject of SUBJECTS) expect(CASE_NAMES, `"${nameOf(subject)}"`).toContain(subject.case);
});

test("every part that is measured alone exists, and every one that exists is measured", () => {
  const measured = SUBJECTS.filter((subject) => subject.case === "micro").map(({ variant }) => variant.part);
  expect([...new Set(measured)].sort()).toEqual([...MICRO_PARTS].sort());
});

test("no subject is twice in a group", () => {
  for (const { title, subjects } of GROUPS) expect(new Set(subjects.map(nameOf)).size, title).toBe(subjects.length);
});

test("what is wanted is measured", () => {
  for (const goal of GOALS) expect(NAMES, "a goal's subject is in the suite").toContain(nameOf(goal));
});

test("the two sides of a ratio are measured side by side", () => {
  for (const { title, ours, theirs } of RATIOS) {
    const group = GROUPS.find(({ subjects }) => subjects.some((subject) => nameOf(subject) === nameOf(ours)));
    expect(group?.subjects.map(nameOf), title).toContain(nameOf(theirs));
  }
});

test("every case is loaded by its own name", async () => {
  for (const name of CASE_NAMES) expect((await caseOf(name)).name).toBe(name);
  await expect(caseOf("nothing")).rejects.toThrow('There is no case "nothing"');
}, 60_000);

describe("what is chosen", () => {
  test("is everything, where nothing is said", () => {
    expect(chosen(null, {})).toEqual(GROUPS);
  });

  test("is a group by its key", () => {
    const [group] = chosen("fan-out-10", {});
    expect(group?.subjects).toHaveLength(4);
    expect(chosen("fan-out-10", {})).toHaveLength(1);
  });

  test("is each group's part of a case, and of a form", () => {
    const forms = chosen("fan-out", { store: "redis" }).flatMap(({ subjects }) => subjects);
    expect(forms.map(({ variant }) => variant.n)).toEqual([10, 100, 1_000, 10_000, 99_998]);
    expect(chosen("fan-out", { store: "redis", n: 100 })).toMatchObject([
      { key: "fan-out-100", subjects: [{ variant: { store: "redis" } }] },
    ]);
  });

  test("is a form that the suite does not have, alone and in memory unless a store is said", () => {
    expect(chosen("fan-out", { n: 77 })).toEqual([
      { key: "fan-out", title: "fan-out", subjects: [{ case: "fan-out", variant: { store: "memory", n: 77 } }] },
    ]);
  });
});

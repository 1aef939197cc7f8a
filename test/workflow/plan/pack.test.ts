/** A packed plan is the same plan. */
import { expect, test } from "bun:test";
import { packPlan, unpackPlan } from "../../../src/workflow/plan/pack.ts";
import { planOf } from "./plans.ts";

test("a plan comes back from its packed form as it was, also from another thread's copy", () => {
  const plan = planOf([{ id: "10" }, { id: "__proto__", after: ["10"], config: '{"a":"x\\ny"}' }, { id: "2", after: ["10", "__proto__"] }]);
  expect(unpackPlan(structuredClone(packPlan(plan)))).toEqual(plan);
});

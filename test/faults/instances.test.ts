/** The same as faults.test.ts, with harm to the instances themselves. Two files, since files can run at the same time. */
import { describe } from "bun:test";
import { SHORT_INSTANCE_PLANS } from "./plans.ts";
import { playPlans, shareSystem } from "./short.ts";

describe("three instances lose nothing, double nothing and tell the stream everything in order, whatever happens to them:", () => {
  playPlans(shareSystem(), SHORT_INSTANCE_PLANS);
});

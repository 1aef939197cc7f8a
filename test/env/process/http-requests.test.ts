/** How many calls a process may have under way: from its slots, within what Bun takes. */
import { describe, expect, test } from "bun:test";
import { fewHttpRequests, httpRequestsFor } from "../../../src/env/process/http-requests.ts";

const slots = (threads: number, slotsPerThread: number) => ({ threads, slotsPerThread });

describe("HTTP requests at once", () => {
  test.each([
    [slots(2, 5_000), "10000"],
    [slots(1, 10), "256"],
    [slots(16, 5_000), "65535"],
  ])("of %j are %s", (of, wanted) => expect(httpRequestsFor(of)).toBe(wanted));

  test("are enough where the environment says so, and what Bun does not follow counts for nothing", () => {
    expect(fewHttpRequests(undefined, slots(1, 256))).toBeNull();
    expect(fewHttpRequests("10000", slots(2, 5_000))).toBeNull();
    expect(fewHttpRequests("65535", slots(64, 5_000))).toBeNull();
    for (const given of ["", "0", "-1", "65536", "many", "1.5"])
      expect(fewHttpRequests(given, slots(2, 5_000))).toContain("may have 256 HTTP requests under way, and its nodes may make 10000");
    expect(fewHttpRequests("300", slots(2, 5_000))).toContain("may have 300");
  });
});

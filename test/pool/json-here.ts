/** Long JSON as the thread makes and reads it, without a thread. */
import type { LongJson } from "../../src/workflow/json/long-json.ts";

/** What it was asked for, in order. */
export const JSON_CALLS: ("write" | "read")[] = [];

export const JSON_HERE: LongJson = {
  async writeJson(value) {
    JSON_CALLS.push("write");
    return JSON.stringify(value);
  },
  async readJson(text) {
    JSON_CALLS.push("read");
    return JSON.parse(text) as unknown;
  },
};

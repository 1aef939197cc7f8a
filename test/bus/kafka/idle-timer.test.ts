/** What we replace in kafkajs: that it is as we know it, that it does what it is for, and what is said where kafkajs has changed. */
import { afterEach, describe, expect, spyOn, test } from "bun:test";
import { createRequire } from "node:module";
import { changedInside, createKafkaClient } from "../../../src/bus/kafka/client.ts";
import { stopIdleTimer } from "../../../src/bus/kafka/idle-timer.ts";
import { recordingLog } from "../../env/log/recording-log.ts";
import { sharedKafka } from "../../services/kafka.ts";

const TIMEOUT_MS = 60_000;
const version: unknown = createRequire(import.meta.url)("kafkajs/package.json").version;

const atTheEnd: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const act of atTheEnd.splice(0)) await act();
});

describe("the idle timer of kafkajs", () => {
  test(`kafkajs ${version} is inside as it was when this was written (else see what the sentence names, and docs/decisions/30)`, () => {
    expect(changedInside).toBeNull();
  });

  test(
    "a connection on which nothing waits asks for no timer in the past",
    async () => {
      const admin = createKafkaClient({ brokers: await sharedKafka(), clientId: "troupe-test" }, recordingLog().log).admin();
      atTheEnd.push(() => admin.disconnect());
      const timers = spyOn(globalThis, "setTimeout");
      atTheEnd.push(() => timers.mockRestore());
      await admin.connect();
      await admin.listTopics();
      expect(timers.mock.calls.map(([, delayMs]) => delayMs).filter((delayMs) => (delayMs ?? 0) < 0)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  class Queue {
    readonly pending: readonly unknown[] = [];
    scheduled = 0;
    scheduleCheckPendingRequests(): void {
      this.scheduled += 1;
    }
  }
  class Waiting extends Queue {
    override readonly pending = ["a request"];
  }
  class WithoutMethod {
    readonly pending = [];
  }
  class WithoutList {
    scheduled = 0;
    scheduleCheckPendingRequests(): void {
      this.scheduled += 1;
    }
  }

  test("where requests wait, kafkajs looks again as it always did; where none wait, it does not", () => {
    expect(stopIdleTimer(() => Queue)).toBeNull();
    const [idle, waiting] = [new Queue(), new Waiting()];
    idle.scheduleCheckPendingRequests();
    waiting.scheduleCheckPendingRequests();
    expect([idle.scheduled, waiting.scheduled]).toEqual([0, 1]);
  });

  const changed: [string, () => unknown, string][] = [
    ["the file is gone", () => createRequire(import.meta.url)("kafkajs/src/not-there.js"), "cannot be used any more"],
    ["it holds something else", () => ({}), "is no class any more"],
    ["the method is gone", () => WithoutMethod, "has no method scheduleCheckPendingRequests any more"],
    ["the list is gone", () => WithoutList, "has no list `pending` of waiting requests any more"],
  ];
  test.each(changed)("where %s nothing is replaced, and a sentence says so", (_, load, sentence) => {
    expect(stopIdleTimer(load)).toContain(sentence);
  });
});

/** The checker finds each kind of violation in made-up evidence, and nothing in evidence of a run that went well. */
import { describe, expect, test } from "bun:test";
import { check, type Violation, violationsIn } from "./checker/check.ts";
import type { Evidence, Line, Loss, Order, Reading, StreamEvent, StreamRecord } from "./checker/evidence.ts";
import { follow } from "./checker/stream.ts";

const ORDER: Order = { execution: "e", nodes: { a: [], b: ["a"] }, killers: [], triggeredAtMs: 1_000, losses: [] };
const SENT_MS = 5_000;
const READING: Reading = {
  status: "COMPLETED",
  finishedAtMs: 1_250,
  states: { a: "COMPLETED", b: "COMPLETED" },
  failedNode: null,
  failureKind: null,
  results: { a: { token: "a1" }, b: { token: "b1" } },
};
const EVENTS: readonly StreamEvent[] = [
  ["created", 1, "n", "h"],
  ["completed", "a", 1, 5, 6, 0, { token: "a1" }],
  ["completed", "b", 1, 7, 8, 0, { token: "b1" }],
  ["finished", 9, "COMPLETED", null, null],
  ["closed", 9],
];
const LINES = [begin("a", "a1"), end("a", "a1"), begin("b", "b1", { a: "a1" }), end("b", "b1")];
const WELL: Evidence = {
  orders: [ORDER],
  lines: LINES,
  readings: new Map([["e", [READING, READING]]]),
  records: [record(1, EVENTS)],
  mayRewind: false,
  lossWindows: [],
};

test("a run that went well has no violations, and its latency", () => {
  const verdict = check(WELL);
  expect(violationsIn(verdict)).toEqual([]);
  expect(verdict).toMatchObject({ executions: 1, handlersTwice: 0, sameAttemptTwice: [], eventsAgain: 0, latenciesMs: [250] });
});

test("a handler that ran again is counted and is no violation; the same attempt twice is named", () => {
  const again = check({ ...WELL, lines: [begin("a", "a0"), ...LINES.slice(0, 2), begin("b", "b0", { a: "a1" }, 2), ...LINES.slice(2)] });
  expect(violationsIn(again)).toEqual([]);
  expect(again.handlersTwice).toBe(2);
  expect(again.sameAttemptTwice).toEqual(["e/a attempt 1 began in 1 and, 0 ms later, in 1"]);
});

test("an execution that nobody was told was triggered may be PENDING", () => {
  const order = { ...ORDER, triggeredAtMs: null };
  expect(violationsIn(check({ ...WELL, orders: [order], readings: read({ status: "PENDING" }) }))).toEqual([]);
});

describe("finds", () => {
  const cases: readonly (readonly [string, Violation, Partial<Evidence>])[] = [
    ["an execution that cannot be read", "lost execution", { readings: new Map() }],
    ["an execution that does not end", "lost execution", { readings: read({ status: "RUNNING" }) }],
    ["a node without an output", "lost result", { readings: read({ results: { a: { token: "a1" } } }) }],
    ["a node that is open in a completed execution", "lost result", { readings: read({ states: { a: "COMPLETED", b: "QUEUED" } }) }],
    ["an output that nobody made", "false result", { readings: read({ results: { a: { token: "a1" }, b: { token: "b9" } } }) }],
    ["the output of another node", "false result", { readings: read({ results: { a: { token: "b1" }, b: { token: "b1" } } }) }],
    ["an output whose invocation did not end", "false result", { lines: LINES.slice(0, 3) }],
    ["a result that changed", "doubled result", { readings: new Map([["e", [withResult("b0"), READING]]]) }],
    ["an end that changed", "doubled result", { readings: new Map([["e", [{ ...READING, status: "FAILED" }, READING]]]) }],
    [
      "a result that is in the stream twice",
      "doubled result",
      { records: [record(1, [...EVENTS.slice(0, 3), completed("b", "b0"), ...EVENTS.slice(3)])] },
    ],
    ["a node that began before its dependency ended", "too early", { lines: [LINES[0], LINES[2], LINES[1], LINES[3]] as Line[] }],
    [
      "a node that was given a result that is not the recorded one",
      "too early",
      { lines: [begin("a", "a0"), end("a", "a0"), ...LINES.slice(0, 2), begin("b", "b1", { a: "a0" }), end("b", "b1")] },
    ],
    ["a node that was given nothing", "too early", { lines: [...LINES.slice(0, 2), begin("b", "b1"), end("b", "b1")] }],
    [
      "an innocent that was condemned",
      "innocent condemned",
      { readings: read({ status: "FAILED", states: { a: "COMPLETED", b: "FAILED" } }) },
    ],
    ["a stream that ends early", "gap", { records: [record(1, EVENTS.slice(0, 2))] }],
    ["a missing record", "gap", { records: [record(1, EVENTS.slice(0, 2)), record(4, EVENTS.slice(3))] }],
    ["no stream at all", "gap", { records: [] }],
    [
      "a result that the stream does not tell",
      "gap",
      {
        records: [
          record(
            1,
            EVENTS.filter((_, at) => at !== 2),
          ),
        ],
      },
    ],
    ["records in the wrong order", "disorder", { records: [record(3, EVENTS.slice(2)), record(1, EVENTS.slice(0, 2))] }],
    ["a sequence with two contents", "disorder", { records: [record(1, EVENTS), record(3, [completed("b", "b0")])] }],
    ["a record that holds less than it says", "disorder", { records: [{ ...record(1, EVENTS), to: 7 }] }],
    ["events after the end", "disorder", { records: [record(1, [...EVENTS, ["begun", "a", 2, 10]])] }],
    [
      "a stream that tells another result than REST",
      "disorder",
      { records: [record(1, [...EVENTS.slice(0, 2), completed("b", "b0"), ...EVENTS.slice(3)])] },
    ],
    [
      "a stream that tells another end than REST",
      "disorder",
      { records: [record(1, [...EVENTS.slice(0, 3), ["finished", 9, "FAILED", "x", null], ["closed", 9]])] },
    ],
  ];
  test.each(cases)("%s", (_, kind, change) => {
    const verdict = check({ ...WELL, ...change });
    expect([kind, verdict.violations[kind].length > 0, violationsIn(verdict)]).toEqual([kind, true, violationsIn(verdict)]);
  });
});

describe("a node that kills", () => {
  const orders = [{ ...ORDER, killers: ["b"] }];
  const poisoned = {
    status: "FAILED",
    states: { a: "COMPLETED", b: "FAILED" },
    failedNode: "b",
    failureKind: "poison",
    results: { a: { token: "a1" } },
  };
  const records = [record(1, [...EVENTS.slice(0, 2), ["finished", 9, "FAILED", "x", null], ["closed", 9]])];

  test("ends its execution as poison, and that is well", () =>
    expect(violationsIn(check({ ...WELL, orders, records, readings: read(poisoned) }))).toEqual([]));

  test("is found where it completes, fails for another reason, or has condemned its neighbour", () => {
    expect(check({ ...WELL, orders }).violations["lost execution"].length).toBe(1);
    expect(
      check({ ...WELL, orders, records, readings: read({ ...poisoned, failureKind: "timeout" }) }).violations["lost execution"].length,
    ).toBe(1);
    const both = { ...poisoned, states: { a: "FAILED", b: "FAILED" }, results: {} };
    expect(check({ ...WELL, orders, records, readings: read(both) }).violations["innocent condemned"]).toEqual(["e/a"]);
  });
});

test("records that come again, whole or in part, are counted and are no disorder", () => {
  const followed = follow("e", [record(1, EVENTS.slice(0, 3)), record(1, EVENTS.slice(0, 2)), record(2, EVENTS.slice(1))], false);
  expect(followed).toMatchObject({ doubles: 4, gaps: [], disorder: [], contradictions: [] });
});

test("a record of an owner before the last one says nothing new, and what only it says is missing", () => {
  const later = record(4, EVENTS.slice(3), 2);
  expect(follow("e", [record(1, EVENTS.slice(0, 3)), later, record(1, EVENTS.slice(0, 2))], false)).toMatchObject({
    doubles: 2,
    gaps: [],
    disorder: [],
  });
  expect(follow("e", [record(1, EVENTS.slice(0, 2)), later, record(3, EVENTS.slice(2, 3))], false).gaps).toEqual(["e: event 3 never came"]);
});

test("history that goes back is a contradiction, but where Redis may have lost what it had", () => {
  const back: readonly StreamRecord[] = [
    record(1, [...EVENTS.slice(0, 2), completed("b", "b0")]),
    { ...record(3, [], 2), to: 2, rewound: true },
    record(3, EVENTS.slice(2), 2),
  ];
  expect(follow("e", back, true)).toMatchObject({ gaps: [], disorder: [], contradictions: [], rewinds: 1 });
  expect(follow("e", back, false).contradictions.length).toBe(2);
  expect(follow("e", back.toSpliced(1, 1), true)).toMatchObject({ gaps: [], disorder: [], contradictions: [], rewinds: 1 });
});

test("events that are left out are missing", () =>
  expect(follow("e", [{ ...record(1, EVENTS.slice(0, 4)), events: null }, record(5, EVENTS.slice(4))], false).gaps.length).toBe(4));

describe("what went with Redis, where it is known when", () => {
  const losing = { mayRewind: true, lossWindows: [{ fromMs: 900, toMs: 1_100 }] };
  const loss: Loss = { what: "trigger", sentMs: 1_050, answeredMs: 1_150 };
  const during = { ...record(1, [...EVENTS.slice(0, 2), completed("b", "b0")]), sentMs: 1_000 };
  const after = [{ ...record(3, [], 2), to: 2, rewound: true }, record(3, EVENTS.slice(2), 2)];

  test("is counted where it was acknowledged then, and a loss where it was acknowledged at another time", () => {
    const lost = (change: Partial<Loss>) => check({ ...WELL, ...losing, orders: [{ ...ORDER, losses: [{ ...loss, ...change }] }] });
    expect([violationsIn(lost({})), lost({}).lostWithRedis]).toEqual([[], 1]);
    expect(lost({ sentMs: 1_101 })).toMatchObject({
      lostWithRedis: 0,
      violations: { "lost execution": [expect.stringContaining("trigger")] },
    });
    expect(lost({ sentMs: 800, answeredMs: 899 }).violations["lost execution"].length).toBe(1);
    const nowhere = check({ ...WELL, mayRewind: true, orders: [{ ...ORDER, losses: [loss] }] });
    expect(nowhere.violations["lost execution"].length).toBe(1);
  });

  test("is counted where the stream takes a result back that was made then, and lost where it had been sent before", () => {
    const taken = (sentMs: number) => check({ ...WELL, ...losing, records: [{ ...during, sentMs }, ...after] });
    expect([violationsIn(taken(1_000)), taken(1_000).takenBack]).toEqual([[], 1]);
    expect(taken(899).violations["lost result"].length).toBe(1);
    const late = { ...losing, lossWindows: [{ fromMs: 1, toMs: 7 }] };
    expect(check({ ...WELL, ...late, records: [during, ...after] }).violations["lost result"].length).toBe(1);
  });

  test("a node may have been given a result that is gone: then, and before the recorded one was made", () => {
    const at = (line: Line, atMs: number): Line => ({ ...line, atMs });
    const then = [begin("a", "a0"), end("a", "a0"), at(begin("b", "b0", { a: "a0" }), 1_000)];
    const [first, made, ...rest] = LINES as [Line, Line, ...Line[]];
    const given = (lines: readonly Line[]) => check({ ...WELL, ...losing, lines }).violations["too early"].length;
    expect(given([...then, first, at(made, 1_200), ...rest])).toBe(0);
    expect(given([first, at(made, 1_200), ...then, ...rest])).toBe(1);
    expect(given([...then, first, at(made, 1_050), ...rest])).toBe(1);
    expect(check({ ...WELL, lines: [...then, first, at(made, 1_200), ...rest] }).violations["too early"].length).toBe(1);
  });

  test("two events under one epoch and sequence are a contradiction, but for the time of what was created again", () => {
    const again = (event: StreamEvent) => check({ ...WELL, ...losing, records: [record(1, EVENTS), record(1, [event])] });
    expect(violationsIn(again(["created", 2, "n", "h"]))).toEqual([]);
    expect(again(["created", 2, "n", "h"]).createdAgain).toBe(1);
    expect(again(["created", 2, "n", "other"]).violations.disorder.length).toBe(1);
  });
});

test("what comes under a higher epoch takes the place of all that had its sequences and came after, as a documented reader does it", () => {
  const again = [record(1, EVENTS), record(2, EVENTS.slice(1, 2), 2)];
  expect(follow("e", again, true)).toMatchObject({ rewinds: 1, gaps: [expect.stringContaining("ends at 2")] });
  expect(follow("e", again, true).takenBack.map(({ sequence }) => sequence)).toEqual([3, 4, 5]);
});

function begin(node: string, token: string, parents: Readonly<Record<string, string>> = {}, attempt = 1): Line {
  return { kind: "begin", execution: "e", node, key: `e/${node}`, attempt, pid: 1, atMs: 0, token, parents };
}

function end(node: string, token: string): Line {
  return { ...begin(node, token), kind: "end" };
}

function completed(node: string, token: string): StreamEvent {
  return ["completed", node, 1, 7, 8, 0, { token }];
}

function record(from: number, events: readonly StreamEvent[], epoch = 1): StreamRecord {
  return { execution: "e", from, to: from + events.length - 1, epoch, sentMs: SENT_MS, events, rewound: false };
}

function read(change: Partial<Reading>): ReadonlyMap<string, readonly Reading[]> {
  return new Map([["e", [{ ...READING, ...change }]]]);
}

function withResult(token: string): Reading {
  return { ...READING, results: { ...READING.results, b: { token } } };
}

/**
 * That the checker would notice: copies of the sources, each with one safeguard taken out, are run as the instances, and
 * harmed where the safeguard matters.
 */
import { type Change, copyWith } from "./changed-copy.ts";
import { type Violation, violationsIn } from "./checker/check.ts";
import { crashPoints, deathsAfterFailures } from "./crash-points.ts";
import { failOvers, lateRequests } from "./faults.ts";
import { fans, fansWithKillers, type Plan } from "./plans.ts";
import { run } from "./run.ts";
import { startSystem, type SystemOptions } from "./system.ts";

const SEED = 7;
/** The harm must fall on a moment where the safeguard matters: what one run misses, another finds. */
const RUNS_MAX = 4;
const SETTLE_MS = 30_000;
const STREAM_MS = 8_000;

export type Tooth = {
  readonly name: string;
  readonly changes: readonly Change[];
  readonly fault: Plan["fault"];
  readonly load: Plan["load"];
  /** What it needs of the system beside the copy. */
  readonly system?: SystemOptions;
  readonly mayLose?: boolean;
  /** Of these, one at least. */
  readonly found: readonly Violation[];
};

const COMMIT = "src/store/redis/scripts/commit.lua";
const TAKE = "src/store/redis/scripts/take.lua";
const RELAY = "src/bus/relay/relay.ts";
const CLUSTER = "src/engine/join-cluster.ts";

/** What several instances stand on: fences, the order of commit and publication, and epochs that are given out once. */
export const SHORT_TEETH: readonly Tooth[] = [
  {
    name: "fencing is switched off",
    changes: [
      { file: COMMIT, from: "if held[2] ~= ARGV[args + 1] or held[3] ~= epoch or held[6] ~= '0' then return 'fenced' end\n", to: "" },
      { file: COMMIT, from: "if tonumber(number) ~= held[4] + 1 then return 'fenced' end\n", to: "" },
      {
        file: COMMIT,
        from: "if packed and string.sub(packed, begins + 1, ends) == before then",
        to: "if packed then ends = begins + #string.match(packed, '^%S+ (%S+ )')",
      },
    ],
    fault: lateRequests({ times: 1, forMs: 6_000 }),
    load: fans({ executions: 150, overMs: 5_000 }),
    found: ["doubled result", "disorder", "lost execution", "lost result"],
  },
  {
    name: "events are published before they are committed",
    changes: [
      {
        file: CLUSTER,
        from: "  const ownership = await takeSharedOwnership({\n    store,",
        to: `  const commit = store.commit.bind(store);
  store.commit = async (lane, given) => {
    await events?.publish(given.entries.map(({ chunk, summary }) => ({
      execution: summary.id, from: chunk.from, to: chunk.to, epoch: given.id.epoch, events: chunk.text, status: summary.status, closed: summary.closed,
    })));
    return commit(lane, given);
  };
  const ownership = await takeSharedOwnership({\n    store,`,
      },
    ],
    fault: crashPoints("before a result is committed", "before a result is committed", "before a result is committed"),
    load: fans({ executions: 100, overMs: 8_000 }),
    found: ["disorder"],
  },
  {
    name: "the outbox is trimmed before its events are published",
    changes: [
      {
        file: RELAY,
        from: "    if (records.length > 0 && !(await this.#publish(records))) {",
        to: "    await store.relayed(lane, ids);\n    if (records.length > 0 && !(await this.#publish(records))) {",
      },
      // Not once more afterwards: a kill at that moment would harm nothing.
      { file: RELAY, from: "      await store.relayed(lane, ids);\n      return true;", to: "      return true;" },
    ],
    fault: crashPoints("after the outbox is trimmed", "after the outbox is trimmed", "after the outbox is trimmed"),
    load: fans({ executions: 100, overMs: 8_000 }),
    found: ["gap"],
  },
  {
    name: "epochs are counted: an older past gives them out again",
    changes: [{ file: TAKE, from: "whole(math.max(following(held[2]), ARGV[5] + 1))", to: "whole(held[2] + 1)" }],
    system: { replicated: true },
    fault: failOvers({ times: 1, lagMs: 700, lanesMove: true }),
    load: fans({ executions: 80, overMs: 5_000 }),
    mayLose: true,
    found: ["disorder"],
  },
];

/** Slower to show. */
export const LONG_TEETH: readonly Tooth[] = [
  {
    name: "an execution that failed is no longer active, though nodes of it still run",
    changes: [
      {
        file: COMMIT,
        from: "local is_active = new_triggered ~= '-' and new_closed == '0'",
        to: "local is_active = new_triggered ~= '-' and finished == '-'",
      },
    ],
    fault: deathsAfterFailures({ times: 2, withinMs: 60_000 }),
    load: fansWithKillers({ executions: 2, overMs: 1_000, every: 1, tailMs: 20_000 }),
    found: ["gap"],
  },
];

/** `found`: of the kinds that it should find, those that the checker did. */
export type Bite = { readonly found: readonly Violation[]; readonly violations: readonly string[]; readonly logs: string };

export async function bite(
  { name, changes, system: needed, fault, load, mayLose = false, found }: Tooth,
  brokers: readonly string[],
): Promise<Bite> {
  const copy = copyWith(changes);
  const system = await startSystem({ proxied: true, ...needed, copy, brokers });
  try {
    const violations: string[] = [];
    for (let runs = 0; runs < RUNS_MAX; runs++) {
      const { verdict } = await run(system, { name, fault, load, mayLose, seed: SEED + runs, settleMs: SETTLE_MS, streamMs: STREAM_MS });
      violations.push(...violationsIn(verdict));
      const bitten = found.filter((kind) => verdict.violations[kind].length > 0);
      if (bitten.length > 0) return { found: bitten, violations, logs: "" };
    }
    return { found: [], violations, logs: system.keep() };
  } finally {
    await system.stop();
    copy.remove();
  }
}

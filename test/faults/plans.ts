/** What is run, short (in `npm test`) and long (`npm run faults`): each fault with its load, and what must hold beside the checker's verdict. */
import type { Chance } from "../process/chance.ts";
import { crashPoints, deathsAfterFailures } from "./crash-points.ts";
import * as faults from "./faults.ts";
import { fan, fanWithKiller, type Load, type Shape } from "./load.ts";
import type { Fault, Report } from "./run.ts";
import type { SystemOptions } from "./system.ts";

export type Plan = {
  /** A row's label, and the test's name: a sentence's end, "… loses nothing". */
  readonly name: string;
  readonly fault: Fault;
  readonly load: (random: Chance) => Load;
  /** What it needs of the system. */
  readonly system?: SystemOptions;
  readonly mayRewind?: boolean;
  readonly mayLose?: boolean;
  readonly settleMs?: number;
  /** Beside the verdict: sentences on what must not be. */
  readonly also?: (report: Report) => readonly string[];
};

/** `executions` over `overMs`; of every two, one has nodes that take longer, so that a fault finds something under way. */
type Size = { readonly executions: number; readonly overMs: number };

const QUICK_MS = 8;
const SLOWER_MS = 600;
const GIVE_UP_MS = 120_000;

export const fans = (size: Size): Plan["load"] => {
  const load = shaped(size, (random, number) => fan(random, { msMax: number % 2 === 0 ? SLOWER_MS : QUICK_MS }));
  return (random) => ({ ...load(random), goesOn: true });
};
/** The first of each `every` has a killer among its nodes. `tailMs`: and one that still runs when the killer is found out. */
export const fansWithKillers = ({ every, tailMs, ...size }: Size & { readonly every: number; readonly tailMs?: number }) =>
  shaped(size, (random, number) =>
    number % every === 0 ? fanWithKiller(random, tailMs === undefined ? {} : { tailMs }) : fan(random, { msMax: SLOWER_MS }),
  );
/** Nodes of 1–2 s; in the first execution one of a minute. */
const slowFans = ({ killers: some = false, ...size }: Size & { readonly killers?: boolean }) =>
  shaped(size, (random, number) => {
    const slow = { msMin: 1_000, msMax: 2_000 };
    if (some && number % 10 === 5) return fanWithKiller(random, slow);
    const { nodes, ...shape } = fan(random, slow);
    return { ...shape, nodes: nodes.map((node, at) => (number === 0 && at === 1 ? { ...node, config: { ms: 60_000 } } : node)) };
  });

function shaped({ executions, overMs }: Size, shapeOf: (random: Chance, number: number) => Shape): Plan["load"] {
  return (random) => ({ executions, overMs, deadlineMs: overMs + GIVE_UP_MS, shapeOf: (number) => shapeOf(random, number) });
}

const never =
  (...names: readonly string[]) =>
  ({ counts }: Report): readonly string[] =>
    names.filter((name) => counts[name] !== 0).map((name) => `${name}: ${counts[name]}, and it must be 0`);
const noAttemptTwice = ({ verdict }: Report): readonly string[] =>
  verdict.sameAttemptTwice.map((twice) => `the same attempt twice: ${twice}`);

/** A fail-over that lost nothing shows nothing. */
function showsLoss({ verdict: { lostWithRedis, takenBack } }: Report): readonly string[] {
  return lostWithRedis + takenBack > 0 ? [] : ["nothing was lost with Redis: the fault did no harm"];
}

/** Wide, and of nodes that hold their thread: more than the owner's threads can do, so that other instances take of it. */
const crowds = (size: Size & { readonly width: number }) =>
  shaped(size, (random) => fan(random, { width: size.width, msMin: 5, msMax: 25, spins: true }));

/** A start takes less on a machine that has nothing else to do. */
const QUIET_START_MS = 1_000;

/**
 * Generous where instances die faster than others can tell that they are dead: nobody is judged by who has just come himself.
 * Where starts take longer, all takes so much longer.
 */
const takenOverWithin =
  (ms: number) =>
  ({ takeOversMs, counts }: Report): readonly string[] => {
    const bound = Math.round(ms * Math.max(1, (counts[faults.SLOWEST_START] ?? 0) / QUIET_START_MS));
    return takeOversMs
      .filter((each) => each > bound)
      .map((each) => `an execution went on after ${Math.round(each)} ms, not within ${bound}`);
  };

/** In the order of one system's life: what harms most comes last. Kafka and each proxy are the system's own. */
export const SHORT_INSTANCE_PLANS: readonly Plan[] = [
  {
    name: "kill -9 of a random instance every 2 s",
    fault: faults.kills({ times: 4, everyMs: 2_000 }),
    load: fans({ executions: 80, overMs: 9_000 }),
    also: takenOverWithin(20_000),
  },
  {
    name: "an instance that is stopped for longer than its leases live, and wakes up",
    fault: faults.stops({ times: 1, forMs: 5_000 }),
    load: fans({ executions: 60, overMs: 6_000 }),
  },
  {
    name: "SIGTERM to one instance after the other",
    fault: faults.rollingTerm({ rounds: 1 }),
    load: fans({ executions: 60, overMs: 5_000 }),
    also: (report) => [...never("unclean")(report), ...noAttemptTwice(report)],
  },
  {
    name: "kill -9 while instances run each other's nodes",
    fault: faults.kills({ times: 2, everyMs: 1_500 }),
    load: crowds({ executions: 2, overMs: 1_000, width: 150 }),
  },
  {
    name: "processes killed by their own handlers",
    fault: faults.nothing,
    load: fansWithKillers({ executions: 40, overMs: 4_000, every: 20 }),
  },
  {
    name: "kill -9 before and after each step",
    fault: crashPoints(),
    load: fans({ executions: 150, overMs: 22_000 }),
  },
];

/** The same of what they work with: Redis, Kafka and the network between. */
export const SHORT_SERVICE_PLANS: readonly Plan[] = [
  {
    name: "kill -9 of Redis",
    // With everysec Redis puts off its own write while the disk's sync takes long: on a busy one a kill then loses what was acknowledged.
    system: { appendOnly: "always" },
    fault: faults.redisKills({ times: 1, awayMs: 500 }),
    load: fans({ executions: 60, overMs: 4_000 }),
    mayRewind: true,
  },
  {
    name: "connections cut every 0.3 s",
    fault: faults.cuts({ forMs: 5_000 }),
    load: fans({ executions: 60, overMs: 5_000 }),
  },
  {
    name: "replies swallowed, requests and replies held back",
    fault: faults.swallows({ times: 2 }),
    load: fans({ executions: 80, overMs: 8_000 }),
  },
  {
    name: "requests that arrive when others have the lanes",
    fault: faults.lateRequests({ times: 1, forMs: 6_000 }),
    load: fans({ executions: 80, overMs: 6_000 }),
  },
  {
    name: "Redis paused for 2 s",
    fault: faults.redisPause({ forMs: 2_000 }),
    load: fans({ executions: 40, overMs: 4_000 }),
    also: never("late", "unanswered", "lanes moved"),
  },
  {
    name: "Redis paused for 5 s",
    fault: faults.redisPause({ forMs: 5_000 }),
    load: fans({ executions: 60, overMs: 7_000 }),
    also: never("late", "unanswered", "lanes moved"),
  },
  {
    name: "Kafka away while an instance dies",
    fault: faults.kafkaAwayWhileOneDies({ awayMs: 5_000 }),
    load: fans({ executions: 60, overMs: 6_000 }),
  },
  {
    name: "Kafka paused for 5 s",
    fault: faults.kafkaPause({ forMs: 5_000 }),
    load: fans({ executions: 40, overMs: 5_000 }),
  },
];

/** What was acknowledged while a replica lagged is gone with its master, is done again by its clients, and nothing else is gone. */
export const SHORT_FAIL_OVER_PLANS: readonly Plan[] = [
  {
    name: "the lanes stay where they are",
    fault: faults.failOvers({ times: 1, lagMs: 700 }),
    load: fans({ executions: 60, overMs: 4_000 }),
    mayLose: true,
    also: showsLoss,
  },
  {
    name: "lanes move in the time that is lost",
    fault: faults.failOvers({ times: 1, lagMs: 700, lanesMove: true }),
    load: fans({ executions: 80, overMs: 5_000 }),
    mayLose: true,
    also: showsLoss,
  },
  {
    name: "lanes move in the time that is lost, and an instance dies with the master",
    fault: faults.failOvers({ times: 1, lagMs: 700, lanesMove: true, oneDies: true }),
    load: fans({ executions: 80, overMs: 5_000 }),
    mayLose: true,
    also: showsLoss,
  },
];

const MANY = 800;
const proxied: SystemOptions = { proxied: true };

/** Each with a system of its own. */
export const LONG_PLANS: readonly Plan[] = [
  { name: "no fault", fault: faults.nothing, load: fans({ executions: MANY, overMs: 20_000 }) },
  {
    name: "1. `kill -9` of a random instance every 10 s",
    fault: faults.kills({ times: 3, everyMs: 10_000 }),
    load: fans({ executions: MANY, overMs: 32_000 }),
    also: takenOverWithin(6_000),
  },
  {
    name: "1. `kill -9` of a random instance every 2 s",
    fault: faults.kills({ times: 20, everyMs: 2_000 }),
    load: fans({ executions: MANY, overMs: 40_000 }),
    also: takenOverWithin(20_000),
  },
  {
    name: "1. with nodes of 1–2 s, and one of 60 s",
    fault: faults.kills({ times: 15, everyMs: 2_000 }),
    load: slowFans({ executions: 100, overMs: 30_000 }),
    settleMs: 240_000,
  },
  {
    name: "1. with ten instances",
    system: { instances: 10, environment: { WORKER_CONCURRENCY: "1" } },
    fault: faults.kills({ times: 15, everyMs: 2_000 }),
    load: fans({ executions: 400, overMs: 30_000 }),
  },
  {
    name: "1. while instances run each other's nodes (1 → 600 → 1)",
    fault: faults.kills({ times: 10, everyMs: 2_000 }),
    load: crowds({ executions: 6, overMs: 12_000, width: 600 }),
    settleMs: 120_000,
  },
  {
    name: "2. SIGSTOP while instances run each other's nodes",
    fault: faults.stops({ times: 3, forMs: 5_000 }),
    load: crowds({ executions: 6, overMs: 12_000, width: 600 }),
    settleMs: 120_000,
  },
  {
    name: "3. rolling SIGTERM while instances run each other's nodes",
    fault: faults.rollingTerm({ rounds: 2 }),
    load: crowds({ executions: 6, overMs: 12_000, width: 600 }),
    settleMs: 120_000,
    also: (report) => [...never("unclean")(report), ...noAttemptTwice(report)],
  },
  {
    name: "2. SIGSTOP for 6 s, then SIGCONT",
    fault: faults.stops({ times: 5, forMs: 6_000 }),
    load: fans({ executions: MANY, overMs: 35_000 }),
  },
  {
    name: "3. rolling SIGTERM",
    fault: faults.rollingTerm({ rounds: 4 }),
    load: fans({ executions: MANY, overMs: 30_000 }),
    also: (report) => [...never("unclean")(report), ...noAttemptTwice(report)],
  },
  {
    name: "3. with nodes of 1–2 s, and one of 60 s",
    fault: faults.rollingTerm({ rounds: 2 }),
    load: slowFans({ executions: 100, overMs: 30_000 }),
    settleMs: 240_000,
    also: (report) => [...never("unclean")(report), ...noAttemptTwice(report)],
  },
  {
    name: "4. `kill -9` of Redis, `everysec`",
    fault: faults.redisKills({ times: 6, awayMs: 1_000 }),
    load: fans({ executions: MANY, overMs: 25_000 }),
    mayRewind: true,
  },
  {
    name: "4. `kill -9` of Redis, `always`",
    system: { appendOnly: "always" },
    fault: faults.redisKills({ times: 6, awayMs: 1_000 }),
    load: fans({ executions: MANY, overMs: 25_000 }),
  },
  {
    name: "4. fail-over of Redis to a replica that lags by 1 s",
    system: { replicated: true },
    fault: async (system, context) => {
      const rounds = [{}, { lanesMove: true }, { oneDies: true }, { lanesMove: true, oneDies: true }];
      for (const round of rounds) await faults.failOvers({ times: 1, lagMs: 1_000, ...round })(system, context);
      return { "fail-overs": rounds.length };
    },
    load: fans({ executions: MANY, overMs: 25_000 }),
    mayLose: true,
    also: showsLoss,
  },
  {
    name: "5. connections cut every 0.3 s",
    system: proxied,
    fault: faults.cuts({ forMs: 30_000 }),
    load: fans({ executions: MANY, overMs: 30_000 }),
  },
  {
    name: "6. replies swallowed, requests and replies held back",
    system: proxied,
    fault: faults.swallows({ times: 8 }),
    load: fans({ executions: MANY, overMs: 35_000 }),
  },
  {
    name: "6. requests that arrive when others have the lanes",
    system: proxied,
    fault: faults.lateRequests({ times: 4, forMs: 6_000 }),
    load: fans({ executions: MANY, overMs: 30_000 }),
  },
  {
    name: "7. Redis paused for 2 s",
    fault: faults.redisPause({ forMs: 2_000 }),
    load: fans({ executions: 400, overMs: 10_000 }),
    also: never("late", "unanswered", "lanes moved"),
  },
  {
    name: "7. Redis paused for 5 s",
    fault: faults.redisPause({ forMs: 5_000 }),
    load: fans({ executions: MANY, overMs: 20_000 }),
    also: never("late", "unanswered", "lanes moved"),
  },
  {
    name: "8. `kill -9` of Kafka for 30 s",
    fault: faults.kafkaKill({ awayMs: 30_000 }),
    load: fans({ executions: MANY, overMs: 30_000 }),
  },
  {
    name: "8. Kafka paused for 12 s",
    fault: faults.kafkaPause({ forMs: 12_000 }),
    load: fans({ executions: MANY, overMs: 20_000 }),
  },
  {
    name: "8. Kafka away while an instance dies",
    fault: faults.kafkaAwayWhileOneDies({ awayMs: 12_000 }),
    load: fans({ executions: MANY, overMs: 20_000 }),
  },
  {
    name: "10. killed by its own handler (8 executions)",
    fault: faults.nothing,
    load: fansWithKillers({ executions: MANY, overMs: 40_000, every: 100 }),
    settleMs: 240_000,
  },
  {
    name: "10. with nodes of 1–2 s, and one of 60 s",
    fault: faults.nothing,
    load: slowFans({ executions: 50, overMs: 30_000, killers: true }),
    settleMs: 360_000,
  },
  {
    name: "11. `kill -9` before and after each step, twice",
    system: proxied,
    fault: async (system, context) => {
      for (let round = 0; round < 2; round++) await crashPoints()(system, context);
      return {};
    },
    load: fans({ executions: MANY, overMs: 50_000 }),
  },
  {
    name: "11. `kill -9` after a failure, while other nodes run",
    system: proxied,
    fault: deathsAfterFailures({ times: 4, withinMs: 120_000 }),
    load: fansWithKillers({ executions: 8, overMs: 8_000, every: 1, tailMs: 20_000 }),
    settleMs: 240_000,
  },
  {
    name: "one root with 20,000 dependents, `kill -9` of an instance",
    fault: faults.kills({ times: 1, everyMs: 1_500 }),
    load: shaped({ executions: 1, overMs: 1 }, (random) => fan(random, { width: 20_000, msMax: 1 })),
    settleMs: 180_000,
  },
];

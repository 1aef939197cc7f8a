/** One run: the load and a fault at the same time; then everything is well again, the evidence is gathered and judged. */
import { join } from "node:path";
import { type Chance, chance } from "../process/chance.ts";
import { check, type Verdict, violationsIn } from "./checker/check.ts";
import type { Line, LossWindow, Order, StreamRecord } from "./checker/evidence.ts";
import { listen } from "./checker/heard.ts";
import { readWitness, WITNESS_FILE } from "./checker/witness.ts";
import type { Death } from "./instances.ts";
import { applyLoad, type Load, type LoadAnswers } from "./load.ts";
import { readAgain, readEnds } from "./reading.ts";
import type { System } from "./system.ts";

/** What a fault counted: in words that a table can show. */
export type Counts = Readonly<Record<string, number>>;
/** `lose`: told by a fault that has lost what Redis acknowledged, and when that was acknowledged. */
export type FaultContext = { readonly random: Chance; lose(window: LossWindow): void };
/** Does harm until its work is done. */
export type Fault = (system: System, context: FaultContext) => Promise<Counts>;

export type RunOptions = {
  readonly name: string;
  readonly load: (random: Chance) => Load;
  readonly fault: Fault;
  readonly seed: number;
  readonly mayRewind?: boolean;
  /** What is acknowledged while the fault loses may be gone: clients look for it afterwards, and do it again. */
  readonly mayLose?: boolean;
  /** How long what was accepted may take to end, after the load and the fault. */
  readonly settleMs?: number;
  /** How long the stream may take to tell of all ends, after that. */
  readonly streamMs?: number;
};

export type Report = {
  readonly name: string;
  readonly verdict: Verdict;
  readonly answers: LoadAnswers;
  readonly counts: Counts;
  readonly mayLose: boolean;
  /** For each execution that an instance had in its hands when it died: until another process began a node of it. */
  readonly takeOversMs: readonly number[];
  readonly lines: readonly Line[];
};

const SETTLE_MS = 60_000;
const STREAM_MS = 45_000;

export async function run(
  system: System,
  { name, load, fault, seed, mayLose = false, mayRewind = mayLose, settleMs = SETTLE_MS, streamMs = STREAM_MS }: RunOptions,
): Promise<Report> {
  const beganMs = Date.now();
  let isDone = false;
  const lossWindows: LossWindow[] = [];
  const counting = fault(system, { random: chance(seed + 1), lose: (window) => lossWindows.push(window) }).finally(() => {
    isDone = true;
  });
  const losing = mayLose ? Promise.allSettled([counting.then(() => system.heal())]) : null;
  const loading = applyLoad({ load: load(chance(seed)), urls: system.urls, key: crypto.randomUUID(), isEnough: () => isDone, losing });
  const [answers, counts] = await Promise.all([loading, counting]);
  await system.heal();
  const atTheirEnds = await readEnds(answers.orders, system.urls, settleMs);
  // Nodes of a failed execution may still run at its end, and not when it is closed.
  const records = await hear(system, answers.orders, streamMs);
  const readings = await readAgain(answers.orders, system.urls, atTheirEnds);
  const lines = readWitness(join(system.home.dir, WITNESS_FILE));
  const verdict = check({ orders: answers.orders, lines, readings, records, mayRewind, lossWindows });
  const deaths = system.instances.flatMap((instance) => instance.deaths).filter(({ atMs }) => atMs >= beganMs);
  return { name, verdict, answers, counts, mayLose, takeOversMs: takeOversIn(lines, deaths), lines };
}

/** Sentences on what must not be; none where all is well. */
export function wrongIn({ verdict, answers }: Report): readonly string[] {
  return [...answers.complaints.map((complaint) => `answer: ${complaint}`), ...violationsIn(verdict)];
}

/** What the stream holds of these orders: when all of them are closed in it, or at the deadline. */
async function hear(system: System, orders: readonly Order[], streamMs: number): Promise<readonly StreamRecord[]> {
  const wanted = new Set(orders.filter(({ triggeredAtMs }) => triggeredAtMs !== null).map(({ execution }) => execution));
  const listener = await listen(system.stream);
  const endMs = performance.now() + streamMs;
  for (let seen = 0; wanted.size > 0 && performance.now() < endMs; ) {
    for (; seen < listener.records.length; seen++) {
      const record = listener.records[seen];
      if (record?.events?.at(-1)?.[0] === "closed") wanted.delete(record.execution);
    }
    await Bun.sleep(20);
  }
  await listener.stop();
  return listener.records;
}

function takeOversIn(lines: readonly Line[], deaths: readonly Death[]): readonly number[] {
  const begins = lines.filter(({ kind }) => kind === "begin");
  const byExecution = Map.groupBy(begins, ({ execution }) => execution);
  const takeOversMs: number[] = [];
  for (const { pid, atMs } of deaths) {
    for (const those of byExecution.values()) {
      if (those.findLast((line) => line.atMs <= atMs)?.pid !== pid) continue;
      const next = those.find((line) => line.atMs > atMs && line.pid !== pid);
      if (next !== undefined) takeOversMs.push(next.atMs - atMs);
    }
  }
  return takeOversMs.sort((a, b) => a - b);
}

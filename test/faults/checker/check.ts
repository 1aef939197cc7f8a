/**
 * The judge: holds what the handlers wrote down, what REST says, what the stream said and what clients were answered
 * against each other. It knows what the documents promise, and nothing of the engine.
 */
import type { Evidence, Line, LossWindow, Order, Reading, StreamEvent } from "./evidence.ts";
import { type Followed, follow, type TakenBack } from "./stream.ts";

export const VIOLATIONS = [
  /** Accepted and triggered, and not ended as it must. */
  "lost execution",
  /** A node without its output. */
  "lost result",
  /** An output that no invocation of a handler made. */
  "false result",
  /** A node's result recorded twice, or changed between two looks. */
  "doubled result",
  /** A node began before a dependency's recorded result was there, or was given another than the recorded one. */
  "too early",
  /** A node FAILED that never did anybody harm. */
  "innocent condemned",
  /** Events that never came. */
  "gap",
  /** Events that came after later ones, contradict each other or REST. */
  "disorder",
] as const;
export type Violation = (typeof VIOLATIONS)[number];

export type Verdict = {
  readonly executions: number;
  readonly violations: Readonly<Record<Violation, readonly string[]>>;
  /** Invocations beyond the first of the same node: allowed, counted. */
  readonly handlersTwice: number;
  /** The same idempotency key and attempt begun twice. */
  readonly sameAttemptTwice: readonly string[];
  /** Events that the stream brought again: allowed, counted. */
  readonly eventsAgain: number;
  /** Acknowledged while Redis was losing what it acknowledged, and gone: executions and triggers, which their clients did again. */
  readonly lostWithRedis: number;
  /** Results that were in the stream, went with Redis, and were made again. */
  readonly takenBack: number;
  /** Created again after a loss, under the epoch of before: what docs/events.md names as the exception. The first stays in its place. */
  readonly createdAgain: number;
  /** From the answer to the trigger to the end, in milliseconds, ascending. */
  readonly latenciesMs: readonly number[];
};

/** By word: which item after it is the event's time. */
const TIME_AT: Readonly<Record<string, number>> = {
  created: 0,
  triggered: 0,
  started: 0,
  begun: 2,
  completed: 3,
  failed: 3,
  lost: 2,
  queued: 2,
  owner_died: 0,
  finished: 0,
  closed: 0,
};

type Findings = { readonly [K in Violation]: string[] };

export function check(evidence: Evidence): Verdict {
  const found = Object.fromEntries(VIOLATIONS.map((each) => [each, []])) as unknown as Findings;
  const lines = Map.groupBy(evidence.lines, ({ execution }) => execution);
  const records = evidence.records === null ? null : Map.groupBy(evidence.records, ({ execution }) => execution);
  const latenciesMs: number[] = [];
  const sameAttemptTwice: string[] = [];
  let handlersTwice = 0;
  let eventsAgain = 0;
  let lostWithRedis = 0;
  let takenBack = 0;
  let createdAgain = 0;
  const { mayRewind, lossWindows } = evidence;
  for (const order of evidence.orders) {
    const readings = evidence.readings.get(order.execution) ?? [];
    const told = lines.get(order.execution) ?? [];
    const reading = readings.at(-1);
    const begun = beginnings(told);
    handlersTwice += begun.again;
    sameAttemptTwice.push(...begun.sameAttempt);
    lostWithRedis += checkLosses(order, lossWindows, found);
    if (!hasEndedWell(order, reading, found) || reading === undefined) continue;
    if (order.triggeredAtMs !== null && reading.finishedAtMs !== null)
      latenciesMs.push(Math.max(0, reading.finishedAtMs - order.triggeredAtMs));
    checkResults(order, reading, told, found);
    checkChanges(order, readings, found);
    checkInputs(order, reading, told, lossWindows, found);
    if (records === null) continue;
    const followed = follow(order.execution, records.get(order.execution) ?? [], mayRewind);
    checkTakenBack(order, followed.takenBack, lossWindows, found);
    takenBack += followed.takenBack.filter(({ event }) => event[0] === "completed").length;
    createdAgain += followed.createdAgain;
    eventsAgain += checkStream(order, reading, followed, found);
  }
  latenciesMs.sort((a, b) => a - b);
  return {
    executions: evidence.orders.length,
    violations: found,
    handlersTwice,
    sameAttemptTwice,
    eventsAgain,
    lostWithRedis,
    takenBack,
    createdAgain,
    latenciesMs,
  };
}

/** Nothing of the list, except kinds that the caller expects. */
export function violationsIn(verdict: Verdict): readonly string[] {
  return VIOLATIONS.flatMap((kind) => verdict.violations[kind].map((sentence) => `${kind}: ${sentence}`));
}

function beginnings(lines: readonly Line[]): { readonly again: number; readonly sameAttempt: readonly string[] } {
  const keys = new Set<string>();
  const attempts = new Map<string, Line>();
  const sameAttempt: string[] = [];
  let again = 0;
  for (const line of lines) {
    if (line.kind !== "begin") continue;
    if (keys.has(line.key)) again += 1;
    keys.add(line.key);
    const attempt = `${line.key} attempt ${line.attempt}`;
    const before = attempts.get(attempt);
    if (before === undefined) attempts.set(attempt, line);
    else sameAttempt.push(`${attempt} began in ${before.pid} and, ${Math.round(line.atMs - before.atMs)} ms later, in ${line.pid}`);
  }
  return { again, sameAttempt };
}

/** What is gone was acknowledged while Redis was losing. Answers how much of it is. */
function checkLosses({ execution, losses }: Order, windows: readonly LossWindow[], found: Findings): number {
  let lost = 0;
  for (const { what, sentMs, answeredMs } of losses) {
    if (windows.some(({ fromMs, toMs }) => sentMs <= toMs && answeredMs >= fromMs)) lost += 1;
    else found["lost execution"].push(`${execution}: its ${what} was acknowledged at ${answeredMs}, when Redis lost nothing, and is gone`);
  }
  return lost;
}

/** Every event was committed after it happened and before it was sent: what is not true any more, while Redis was losing. */
function checkTakenBack({ execution }: Order, takenBack: readonly TakenBack[], windows: readonly LossWindow[], found: Findings): void {
  if (windows.length === 0) return;
  for (const { sequence, event, text, sentMs } of takenBack) {
    const happenedMs = timeOf(event) ?? sentMs;
    if (windows.some(({ fromMs, toMs }) => happenedMs <= toMs && sentMs >= fromMs)) continue;
    const when = `event ${sequence}, of ${happenedMs}, sent at ${sentMs}`;
    found["lost result"].push(`${execution}: ${when}, between which Redis lost nothing, is true no more: ${text.slice(0, 200)}`);
  }
}

/** When it happened, as it says itself; null where it does not. */
function timeOf([word, ...items]: StreamEvent): number | null {
  const at = TIME_AT[String(word)];
  const time = at === undefined ? null : items[at];
  return typeof time === "number" ? time : null;
}

/** True where there is a whole execution to look at. */
function hasEndedWell(order: Order, reading: Reading | undefined, found: Findings): boolean {
  if (reading === undefined) {
    found["lost execution"].push(`${order.execution} cannot be read`);
    return false;
  }
  if (order.triggeredAtMs === null && reading.status === "PENDING") return false;
  for (const [node, state] of Object.entries(reading.states))
    if (state === "FAILED" && !order.killers.includes(node)) found["innocent condemned"].push(`${order.execution}/${node}`);
  if (order.killers.length === 0) {
    if (reading.status !== "COMPLETED") found["lost execution"].push(`${order.execution} is ${reading.status}: ${waitingIn(reading)}`);
    return reading.status === "COMPLETED";
  }
  const poisoned = reading.status === "FAILED" && reading.failureKind === "poison" && order.killers.includes(reading.failedNode ?? "");
  if (!poisoned)
    found["lost execution"].push(
      `${order.execution} should have failed as poison, and is ${reading.status} (${reading.failureKind} in ${reading.failedNode}): ${waitingIn(reading)}`,
    );
  return poisoned;
}

function waitingIn({ states }: Reading): string {
  const open = Object.entries(states).filter(([, state]) => state !== "COMPLETED");
  return open
    .slice(0, 5)
    .map(([node, state]) => `${node} is ${state}`)
    .join(", ");
}

/** Every node has an output, and it is one that an invocation of that node and attempt has written down. */
function checkResults(order: Order, reading: Reading, lines: readonly Line[], found: Findings): void {
  const made = new Map<string, Line>();
  for (const line of lines) if (line.kind === "end") made.set(line.token, line);
  for (const node of Object.keys(order.nodes)) {
    const where = `${order.execution}/${node}`;
    const output = reading.results[node];
    const state = reading.states[node];
    if (state !== "COMPLETED") {
      if (order.killers.length === 0) found["lost result"].push(`${where} is ${state} in a completed execution`);
      if (output !== undefined && output !== null) found["false result"].push(`${where} is ${state} and has an output`);
      continue;
    }
    const token = tokenIn(output);
    if (output === undefined || output === null) found["lost result"].push(`${where} has no output`);
    else if (token === null) found["false result"].push(`${where} has the output ${JSON.stringify(output).slice(0, 200)}`);
    else if (made.get(token)?.node !== node)
      found["false result"].push(`${where} has an output that no invocation of it wrote down: ${token}`);
  }
}

function checkChanges(order: Order, readings: readonly Reading[], found: Findings): void {
  for (let at = 1; at < readings.length; at++) {
    const [before, after] = [readings[at - 1], readings[at]];
    if (before === undefined || after === undefined) continue;
    if (before.status !== after.status) found["doubled result"].push(`${order.execution} was ${before.status}, then ${after.status}`);
    for (const [node, output] of Object.entries(before.results)) {
      // A node of a failed execution may still have been running.
      if (output === null && before.status === "FAILED") continue;
      const [then, now] = [JSON.stringify(output), JSON.stringify(after.results[node])];
      if (then !== now) found["doubled result"].push(`${order.execution}/${node} was ${then?.slice(0, 200)}, then ${now?.slice(0, 200)}`);
    }
  }
}

/** A node begins after its parents ended, and is given the results that are recorded, by whichever attempt. */
function checkInputs(order: Order, reading: Reading, lines: readonly Line[], windows: readonly LossWindow[], found: Findings): void {
  const ended = new Set<string>();
  const endsMs = new Map(lines.filter(({ kind }) => kind === "end").map(({ token, atMs }) => [token, atMs]));
  /** The result that it was given went with Redis, and the recorded one was made when that was over: after this beginning. */
  const isOfLostPast = ({ atMs }: Line, recorded: string | null): boolean => {
    const madeMs = endsMs.get(recorded ?? "");
    return madeMs !== undefined && !ended.has(recorded ?? "") && windows.some(({ fromMs, toMs }) => atMs >= fromMs && madeMs >= toMs);
  };
  for (const line of lines) {
    if (line.kind === "end") {
      ended.add(line.token);
      continue;
    }
    for (const parent of order.nodes[line.node] ?? []) {
      const given = line.parents[parent];
      const recorded = tokenIn(reading.results[parent]);
      const who = `${line.key} attempt ${line.attempt} in ${line.pid}`;
      if (given === undefined) found["too early"].push(`${who} began without the result of ${parent}`);
      else if (!ended.has(given)) found["too early"].push(`${who} began before ${parent} had ended`);
      else if (given !== recorded && !isOfLostPast(line, recorded))
        found["too early"].push(`${who} was given another result of ${parent} than the recorded one`);
    }
  }
}

/** The stream tells one story, and it is the story that REST tells. Answers how many events came again. */
function checkStream(order: Order, reading: Reading, followed: Followed, found: Findings): number {
  found.gap.push(...followed.gaps);
  found.disorder.push(...followed.disorder, ...followed.contradictions);
  const results = new Map<string, readonly StreamEvent[]>();
  for (const event of followed.events)
    if (event[0] === "completed") results.set(String(event[1]), [...(results.get(String(event[1])) ?? []), event]);
  for (const [node, events] of results) {
    const where = `${order.execution}/${node}`;
    if (events.length > 1) found["doubled result"].push(`${where} is completed ${events.length} times in the stream`);
    const [said, read] = [tokenIn(events.at(-1)?.[6]), tokenIn(reading.results[node])];
    if (said !== read) found.disorder.push(`${where}: the stream says ${said}, REST says ${read}`);
  }
  if (followed.gaps.length === 0)
    for (const [node, state] of Object.entries(reading.states))
      if (state === "COMPLETED" && !results.has(node)) found.gap.push(`${order.execution}/${node}: its result is not in the stream`);
  const finished = followed.events.filter(([word]) => word === "finished");
  if (finished.length > 1) found["doubled result"].push(`${order.execution} is finished ${finished.length} times in the stream`);
  const said = finished[0]?.[2];
  if (said !== undefined && said !== reading.status)
    found.disorder.push(`${order.execution}: the stream says ${String(said)}, REST says ${reading.status}`);
  return followed.doubles;
}

function tokenIn(output: unknown): string | null {
  if (typeof output !== "object" || output === null || !("token" in output)) return null;
  return typeof output.token === "string" ? output.token : null;
}

/** Everything at once, on two threads and a child: whoever harms, each attempt is told once, and the harmless all complete. */
import { expect, test } from "bun:test";
import { systemClock } from "../../src/env/clock.ts";
import { systemTurns } from "../../src/env/turns.ts";
import { createThreadPool } from "../../src/pool/thread-pool.ts";
import { Seeded } from "../sim/world.ts";
import { attemptOf } from "./fixtures/behaviours.ts";
import { Witness } from "./witness.ts";

const NODES = 250;
/** As a supervisor does: after two deaths a node runs as a suspect. */
const SUSPECT_AT_DEATHS = 2;

/** How often each comes, and how it must end. */
const BEHAVIOURS: readonly { readonly handler: string; readonly share: number; readonly config?: string; readonly ends: string }[] = [
  { handler: "noop", share: 50, ends: "completed" },
  { handler: "sleep", share: 30, config: "30", ends: "completed" },
  { handler: "spin", share: 8, config: "10", ends: "completed" },
  { handler: "large", share: 4, config: "100000", ends: "completed" },
  { handler: "throw", share: 3, ends: "handler" },
  { handler: "deaf", share: 1, ends: "timeout" },
  { handler: "spin for ever", share: 1, ends: "timeout" },
  { handler: "exit", share: 2, ends: "poison" },
];

test("whatever attempts do to their threads, each is told once and ends as its own behaviour says", async () => {
  const random = new Seeded(7);
  const pool = createThreadPool({
    entry: new URL("./fixtures/host.ts", import.meta.url),
    settings: { load: "well" },
    threads: 2,
    slotsPerThread: 20,
    abortGraceMs: 20,
    clock: systemClock,
    turns: systemTurns,
    report: () => undefined,
  });
  const plan = Array.from({ length: NODES }, () => drawn(random));
  const deaths = new Array<number>(NODES).fill(0);
  const verdicts = new Map<number, string>();
  const witness = new Witness();
  const attempts = pool.attach({ id: "e", name: "e" }, witness);
  const start = (node: number, attempt: number): void => {
    const { handler, config = null, ends } = plan[node] ?? drawn(random);
    // Only what is to run into its timeout has a short one: on a busy machine the others may take long.
    const timeoutMs = ends === "timeout" ? 40 : 60_000;
    const suspect = (deaths[node] ?? 0) >= SUSPECT_AT_DEATHS;
    attempts.start(attemptOf(handler, { node, attempt, config, timeoutMs, suspect, priority: random.below(11) }));
  };
  for (let node = 0; node < NODES; node += 1) start(node, 1);

  for (let seen = 0; verdicts.size < NODES; seen += 1) {
    const end = (await witness.endsOf(seen + 1))[seen];
    if (end === undefined) throw new Error("The witness promised one more end.");
    const { node, attempt, outcome } = end;
    attempts.settle(node, attempt);
    if (outcome.type === "lost") {
      deaths[node] = outcome.death ? (deaths[node] ?? 0) + 1 : (deaths[node] ?? 0);
      start(node, attempt + 1);
    } else verdicts.set(node, outcome.type === "failed" ? outcome.failure.kind : outcome.type);
  }

  const told = witness.ends.map(({ node, attempt }) => `${node}:${attempt}`);
  expect(new Set(told).size).toBe(told.length);
  const wrong = plan.flatMap(({ handler, ends }, node) =>
    verdicts.get(node) === ends ? [] : [`${handler}: ${verdicts.get(node)}, not ${ends}`],
  );
  expect(wrong).toEqual([]);
  expect(attempts.size).toBe(0);
  expect(pool.load()).toMatchObject({ begun: 0, waiting: 0 });
  await pool.close();
}, 60_000);

function drawn(random: Seeded): (typeof BEHAVIOURS)[number] {
  let left = random.below(BEHAVIOURS.reduce((sum, { share }) => sum + share, 0));
  for (const behaviour of BEHAVIOURS) {
    left -= behaviour.share;
    if (left < 0) return behaviour;
  }
  throw new Error("The shares do not add up.");
}

/** The shapes that our own cases have, for whoever else can run them: the same nodes, the same rounds, the same figures made of the times. */
import type { Measured, ServicesOfRun, Subject, Variant } from "../case.ts";
import { countCosts } from "../costs.ts";
import { median, percentile } from "../results.ts";
import { msOfMany, runsOfRound, timesOf, WARM_MS } from "../rounds.ts";

/** `fan-out`: 1 → n → 1. `diamonds`: 1 → 3 → 1, `atOnce` under way. `chain`: n in a row. `one-node`: that. */
export type Shape = {
  readonly kind: "fan-out" | "diamonds" | "chain" | "one-node";
  /** Of the middle of a fan-out or diamond; of the whole in a chain. */
  readonly width: number;
  /** All nodes of an execution. */
  readonly nodes: number;
};

/** Who runs a shape. Every call makes an execution of its own. */
export type Rival = {
  /** What is not timed: ours is created before it is triggered. Only where executions run one at a time. */
  prepare?(): Promise<void>;
  /** Until who waits for the execution is told of its end. Rejects where anything of it failed. */
  run(): Promise<void>;
  /** After every round, not timed: rejects where not everything of `executions` has really been done. */
  check?(executions: number): Promise<void>;
  stop(): Promise<void>;
};

const DIAMOND_WIDTH = 3;
const ONE_NODE_RUNS = 500;
const AT_ONCE = 1_000;
const AT_ONCE_ROUND_MS = 1_500;
const AT_ONCE_WARM = 5_000;

/** Throws with a sentence where the case knows no such part. `fan-out-added` is a fan-out too: what is timed of it is the rival's. */
export function shapeOf({ part = "fan-out", n }: Variant): Shape {
  switch (part) {
    case "fan-out":
    case "fan-out-added":
      return { kind: "fan-out", width: n ?? 10_000, nodes: (n ?? 10_000) + 2 };
    case "diamonds":
      return { kind: "diamonds", width: DIAMOND_WIDTH, nodes: DIAMOND_WIDTH + 2 };
    case "chain":
      return { kind: "chain", width: n ?? 200, nodes: n ?? 200 };
    case "one-node":
      return { kind: "one-node", width: 1, nodes: 1 };
    default:
      throw new Error(`--part is fan-out, fan-out-added, diamonds, chain or one-node, not "${part}".`);
  }
}

/** Warm, and measured as our own cases are. */
export async function rivalSubject(rival: Rival, shape: Shape, variant: Variant, services: ServicesOfRun): Promise<Subject> {
  const costs = countCosts(services);
  const measured = shape.kind === "diamonds" ? await manyAtOnce(rival, variant.atOnce ?? AT_ONCE) : await oneAtATime(rival, shape);
  return {
    async round() {
      await costs.begin();
      const { executions, ...found } = await measured();
      const perNode = await costs.perNode(executions * shape.nodes);
      await rival.check?.(executions);
      return { ...found.measured, ...perNode };
    },
    async stop() {
      costs.close();
      await rival.stop();
    },
  };
}

type Round = { readonly executions: number; readonly measured: Measured };

async function oneAtATime(rival: Rival, shape: Shape): Promise<() => Promise<Round>> {
  const prepare = async (): Promise<void> => await rival.prepare?.();
  const run = (): Promise<void> => rival.run();
  const warm = await timesOf(prepare, run, WARM_MS, Number.POSITIVE_INFINITY);
  await rival.check?.(warm.length);
  const executions = shape.kind === "one-node" ? ONE_NODE_RUNS : runsOfRound(warm);
  return async () => ({ executions, measured: figuresOf(shape, await timesOf(prepare, run, Number.POSITIVE_INFINITY, executions)) });
}

function figuresOf({ kind, nodes }: Shape, times: readonly number[]): Measured {
  const ms = median(times);
  if (kind === "chain") return { "ms a step": ms / nodes };
  if (kind === "one-node") return { "p50 ms": ms, "p99 ms": percentile(times, 0.99) };
  return { "nodes/s": (nodes / ms) * 1_000 };
}

async function manyAtOnce(rival: Rival, atOnce: number): Promise<() => Promise<Round>> {
  const run = (): Promise<void> => rival.run();
  const warm = Math.max(atOnce, Math.min(AT_ONCE_WARM, atOnce * 100));
  const rate = warm / (await msOfMany(run, warm, atOnce));
  await rival.check?.(warm);
  const executions = Math.max(atOnce, Math.round(rate * AT_ONCE_ROUND_MS));
  return async () => {
    const ms = await msOfMany(run, executions, atOnce);
    return { executions, measured: { "executions/s": (executions / ms) * 1_000 } };
  };
}

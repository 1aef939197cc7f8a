/** Plans for tests, built from ids and edges. */
import type { Plan, RetryPolicy } from "../../../src/workflow/plan/plan.ts";
import { order } from "../../../src/workflow/plan/order.ts";

export type NodeSpec = {
  readonly id: string;
  readonly after?: readonly string[];
  readonly retry?: Partial<RetryPolicy>;
  readonly config?: string;
};

const RETRY: RetryPolicy = {
  maxAttempts: 3,
  initialIntervalMs: 1000,
  backoffCoefficient: 2,
  maxIntervalMs: 60_000,
  jitter: "none",
  nonRetryable: [],
};

/** A plan of `noop` nodes. Throws where the specs have a cycle or name a node that is not there. */
export function planOf(nodes: readonly NodeSpec[], handler = "noop"): Plan {
  const ids = nodes.map(({ id }) => id);
  const index = new Map(ids.map((id, node) => [id, node]));
  const dependencyStart = new Int32Array(nodes.length + 1);
  const dependencies: number[] = [];
  nodes.forEach(({ id, after = [] }, node) => {
    for (const dependency of after) {
      const target = index.get(dependency);
      if (target === undefined) throw new Error(`${id} depends on ${dependency}, which is not there.`);
      dependencies.push(target);
    }
    dependencyStart[node + 1] = dependencies.length;
  });
  const targets = Int32Array.from(dependencies);
  const ordered = order({ start: dependencyStart, targets });
  if (ordered.type === "cyclic") throw new Error("The test's graph has a cycle.");
  return {
    name: "test",
    tags: [],
    priority: 5,
    ids,
    index,
    handlers: nodes.map(() => handler),
    configs: nodes.map(({ config }) => config ?? null),
    retries: nodes.map(({ retry }) => ({ ...RETRY, ...retry })),
    retryOf: Uint16Array.from(nodes.keys()),
    timeoutMs: new Float64Array(nodes.length).fill(3_600_000),
    priorities: new Uint8Array(nodes.length).fill(5),
    dependencyStart,
    dependencies: targets,
    dependentStart: ordered.dependents.start,
    dependents: ordered.dependents.targets,
    level: ordered.level,
    hidden: null,
    visible: nodes.length,
    steps: null,
    references: null,
    overrides: "all",
  };
}

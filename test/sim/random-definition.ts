/** The DAGs that are played: small and random, with every way in which one node's result reaches another. */
import type { World } from "./world.ts";

const LARGE = 70_000;

/** Of less than `sizeLimit` nodes, and two at least. */
export function randomDefinition({ random }: World, longRetries: boolean, sizeLimit = 12): RandomDefinition {
  const size = 2 + random.below(sizeLimit - 2);
  const ids = Array.from({ length: size }, (_, node) => `${random.chance(0.1) ? "large" : "n"}${node}`);
  const nodes = ids.map((id, node) => {
    const dependencies = ids.slice(0, node).filter(() => random.chance(0.3));
    const named = dependencies[0];
    return {
      id,
      handler: HANDLERS[random.below(HANDLERS.length)],
      dependencies,
      ...(named === undefined ? {} : { config: { named: `{{ ${named}.output.from }}` } }),
      retry: { max_attempts: ATTEMPTS_MAX, initial_interval: longRetries && random.chance(0.5) ? "12s" : "100ms" },
    };
  });
  return { name: "random", priority: random.below(11), dag: { nodes } };
}

/** The same nodes in another order, each with the same dependencies in the same order. */
export function backwards({ dag, ...rest }: RandomDefinition): RandomDefinition {
  return { ...rest, dag: { nodes: dag.nodes.toReversed() } };
}

export type RandomDefinition = { readonly name: string; readonly priority: number; readonly dag: { readonly nodes: readonly unknown[] } };

export const ATTEMPTS_MAX = 4;
const HANDLERS = ["step", "step", "joins", "given"];

/** What a node of this id gives, whichever attempt it is: of some, more than the log takes. */
export function outputOf(nodeId: string): string {
  return JSON.stringify({ from: nodeId, padding: nodeId.startsWith("large") ? nodeId.padEnd(LARGE, "x") : "" });
}

/** The params of a client, of some of them more than the log takes. */
export function paramsOf(client: number): string {
  return JSON.stringify({ client, padding: client % 3 === 0 ? "p".repeat(LARGE) : "" });
}

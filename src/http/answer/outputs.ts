/** Outputs of nodes in batches: those that a view holds, and those that are kept apart and read when their turn comes. */
import type { Engine, NodeView } from "../../engine/engine.ts";

/** A batch. `outputs`: JSON texts by position in `nodes`; null if a node has none, or not any more. */
export type OutputBatch = { readonly nodes: readonly NodeView[]; readonly outputs: readonly (string | null)[] };

/** All the nodes in order. A batch is fetched when it is asked for. */
export async function* outputBatches(engine: Engine, executionId: string, nodes: readonly NodeView[]): AsyncGenerator<OutputBatch, void> {
  for (let from = 0; from < nodes.length; ) {
    const to = endOfBatch(nodes, from);
    const batch = from === 0 && to === nodes.length ? nodes : nodes.slice(from, to);
    yield { nodes: batch, outputs: await outputsOf(engine, executionId, batch) };
    from = to;
  }
}

/** The largest batch, unless a single output is larger. */
const BATCH_BYTES = 4 * 1024 * 1024;

function endOfBatch(nodes: readonly NodeView[], from: number): number {
  let bytes = 0;
  for (let position = from; position < nodes.length; position++) {
    bytes += nodes[position]?.outputBytes ?? 0;
    if (bytes > BATCH_BYTES && position > from) return position;
  }
  return nodes.length;
}

async function outputsOf(engine: Engine, executionId: string, nodes: readonly NodeView[]): Promise<readonly (string | null)[]> {
  const apart = nodes.filter((node) => node.outputBytes !== null);
  if (apart.length === 0) return nodes.map((node) => node.output);
  const wanted = apart.map((node) => ({ id: node.id, attempt: node.attempts }));
  const texts = (await engine.largeOutputs(executionId, wanted))[Symbol.iterator]();
  return nodes.map((node) => (node.outputBytes === null ? node.output : (texts.next().value ?? null)));
}

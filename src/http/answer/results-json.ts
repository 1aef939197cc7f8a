/** The results of an execution so far, as JSON text in pieces. */
import type { Engine, ExecutionView, NodeView } from "../../engine/engine.ts";
import { quote, quoteOrNull } from "./json-text.ts";
import { joined, type Texts } from "./long-text.ts";
import { outputBatches } from "./outputs.ts";

/** Members beside the results. `warnings`: a member with its comma, or "". */
type Told = { readonly trigger?: string; readonly warnings?: string };

/** The text `{ execution_id, name, status, completed, results: { id: output }, error, message }`, with the members beside it. */
export async function* resultsTexts(engine: Engine, view: ExecutionView, { trigger, warnings = "" }: Told = {}): Texts {
  const { id, name, status, error } = view;
  const told = trigger === undefined ? "" : `"trigger":${quote(trigger)},`;
  yield `{"execution_id":${quote(id)},"name":${quote(name)},${told}"status":"${status}","completed":${status === "COMPLETED"},"results":{`;
  let continued = false;
  for await (const { nodes, outputs } of outputBatches(engine, id, view.nodes)) {
    const memberOf = (node: NodeView, position: number): string | null => {
      const output = outputs[position] ?? null;
      return output === null ? null : `${quote(node.id)}:${output}`;
    };
    for (const text of joined(nodes, memberOf, continued)) {
      yield text;
      continued = true;
    }
  }
  yield `},"error":${quoteOrNull(error)},"message":${quote(messageOf(view))}${warnings}}`;
}

/** The least length of the text: the view has the sizes of outputs that are kept apart. */
export function resultsLength({ nodes }: ExecutionView): number {
  return nodes.reduce((sum, { outputBytes }) => sum + (outputBytes ?? 0), 0) / BYTES_A_CHARACTER_MAX;
}

const BYTES_A_CHARACTER_MAX = 3;

function messageOf(view: ExecutionView): string {
  switch (view.status) {
    case "COMPLETED":
      return "The workflow has completed.";
    case "FAILED":
      return "The workflow has failed; results holds the outputs of the nodes that completed.";
    case "CANCELLED":
      return "The workflow was cancelled; results holds the outputs of the nodes that completed.";
    case "PENDING":
      return view.triggeredAtMs === null ? "The workflow has not been triggered yet." : "The workflow waits for room to run.";
    case "RUNNING":
    case "PAUSED":
      return "The workflow is not completed yet; results holds the outputs so far.";
  }
}

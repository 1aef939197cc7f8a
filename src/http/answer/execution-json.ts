/** An execution's view and its summary as JSON text. A view of 10,000 nodes is over a megabyte, so every node counts. */
import { type ExecutionView, type NodeView, progressOf, type Summary } from "../../engine/engine.ts";
import { quote, quoteOrNull, timeText } from "./json-text.ts";
import { joined, type Texts } from "./long-text.ts";

/** The whole view in pieces: the execution's own fields and the three maps by node id, in the definition's order. */
export async function* executionTexts(view: ExecutionView): Texts {
  yield `{${headJson(view)},"node_states":{`;
  yield* joined(view.nodes, stateMember);
  yield '},"node_statuses":{';
  yield* joined(view.nodes, stateMember);
  yield '},"nodes":{';
  yield* joined(view.nodes, (node) => `${quote(node.id)}:${nodeJson(node)}`);
  yield "}}";
}

/** The least length of the whole view. */
export function executionLength(view: ExecutionView): number {
  return view.nodes.length * NODE_CHARACTERS;
}

/** The characters of a node that has not run, with an id of one character in three maps. */
const NODE_CHARACTERS = 120;

/** The small form, without what grows with the number of nodes, and without the failure, which a summary does not have. */
export function summaryOnlyJson(summary: Summary, stalled: boolean): string {
  return `{${summaryMembers(summary)},"stalled":${stalled}}`;
}

/** One element of a list. */
export function summaryJson(summary: Summary): string {
  return `{${summaryMembers(summary)}}`;
}

function summaryMembers(summary: Summary): string {
  return `${openingJson(summary)},"progress":${progressJson(progressOf(summary))},"tags":${JSON.stringify(summary.tags)},"error":${quoteOrNull(summary.error)},${timesJson(summary)}`;
}

function headJson(view: ExecutionView): string {
  const { progress, tags, priority, error, failure, stalled } = view;
  return `${openingJson(view)},"progress":${progressJson(progress)},"tags":${JSON.stringify(tags)},"priority":${priority},"error":${quoteOrNull(error)},"failure":${JSON.stringify(failure)},${timesJson(view)},"stalled":${stalled}`;
}

function openingJson({ id, name, status }: { readonly id: string; readonly name: string; readonly status: string }): string {
  return `"execution_id":${quote(id)},"name":${quote(name)},"status":"${status}"`;
}

function progressJson({ total, completed, failed, percentage }: ExecutionView["progress"]): string {
  return `{"total":${total},"completed":${completed},"failed":${failed},"percentage":${percentage}}`;
}

type Times = Pick<Summary, "createdAtMs" | "triggeredAtMs" | "startedAtMs" | "finishedAtMs" | "updatedAtMs">;

function timesJson(times: Times): string {
  return `"created_at":${timeText(times.createdAtMs)},"triggered_at":${timeText(times.triggeredAtMs)},"started_at":${timeText(times.startedAtMs)},"finished_at":${timeText(times.finishedAtMs)},"updated_at":${timeText(times.updatedAtMs)}`;
}

function stateMember({ id, state }: NodeView): string {
  return `${quote(id)}:"${state}"`;
}

function nodeJson(node: NodeView): string {
  const bytes = node.outputBytes === null ? "" : `,"output_bytes":${node.outputBytes}`;
  const reason = node.reason === null ? "" : `,"reason":${quote(node.reason)}`;
  return `{"state":"${node.state}","output":${node.output ?? "null"}${bytes},"error":${quoteOrNull(node.error)}${reason},"attempts":${node.attempts},"started_at":${timeText(node.startedAtMs)},"finished_at":${timeText(node.finishedAtMs)}}`;
}

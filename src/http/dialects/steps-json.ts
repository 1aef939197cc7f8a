/** An execution in the shape of the older system whose workflows are steps: lower-case words, steps and tasks by name. */
import type { ExecutionStatus, ExecutionView, NodeStatus, NodeView, Step } from "../../engine.ts";
import { quote, timeText } from "../json-text.ts";

/** `outputs`: JSON text or null, by position in `view.nodes`. */
export function stepsJson(view: ExecutionView, outputs: readonly (string | null)[], extra = ""): string {
  const { id, name, status, createdAtMs, updatedAtMs } = view;
  const steps = (view.steps ?? stepsByLevel(view.nodes)).map((step, position) => `"${position}":${stepJson(step, view.nodes, outputs)}`);
  return `{"id":${quote(id)},"name":${quote(name)},"status":"${EXECUTION_WORDS[status]}","steps":{${steps.join(",")}},"created_at":${timeText(createdAtMs)},"updated_at":${timeText(updatedAtMs)}${extra}}`;
}

/** The older system's four words. */
export type StepsWord = "pending" | "running" | "succeeded" | "failed";

const EXECUTION_WORDS: Readonly<Record<ExecutionStatus, StepsWord>> = {
  PENDING: "pending",
  RUNNING: "running",
  PAUSED: "running",
  COMPLETED: "succeeded",
  FAILED: "failed",
  CANCELLED: "failed",
};

const NODE_WORDS: Readonly<Record<NodeStatus, StepsWord>> = {
  PENDING: "pending",
  QUEUED: "pending",
  RUNNING: "running",
  RETRYING: "running",
  WAITING: "running",
  COMPLETED: "succeeded",
  SKIPPED: "succeeded",
  FAILED: "failed",
  CANCELLED: "failed",
  UNKNOWN: "failed",
};

function stepJson({ executionType, tasks }: Step, nodes: readonly NodeView[], outputs: readonly (string | null)[]): string {
  const words = new Set<StepsWord>();
  const texts = tasks.map(({ name, node }) => {
    const word = NODE_WORDS[nodes[node]?.state ?? "PENDING"];
    words.add(word);
    return `${quote(name)}:{"name":${quote(name)},"status":"${word}","result":${outputs[node] ?? "null"}}`;
  });
  return `{"execution_type":"${executionType}","status":"${wordOf(words)}","tasks":{${texts.join(",")}}}`;
}

/** A step is what its tasks are: failed if one is, otherwise under way from the first begin to the last end. */
function wordOf(words: ReadonlySet<StepsWord>): StepsWord {
  if (words.has("failed")) return "failed";
  if (words.has("running")) return "running";
  if (words.has("succeeded")) return words.has("pending") ? "running" : "succeeded";
  return "pending";
}

/** What came in another form has one parallel step per level of its graph. */
function stepsByLevel(nodes: readonly NodeView[]): readonly Step[] {
  const levels: { name: string; node: number }[][] = [];
  nodes.forEach(({ id, level }, node) => {
    for (let missing = levels.length; missing <= level; missing++) levels.push([]);
    levels[level]?.push({ name: id, node });
  });
  return levels.map((tasks) => ({ executionType: "parallel", tasks }));
}

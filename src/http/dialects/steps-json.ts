/** An execution in the form of the older system whose workflows are steps: status words in lower case, steps and tasks by name. */
import type { Engine, ExecutionStatus, ExecutionView, NodeStatus, Step } from "../../engine/engine.ts";
import { quote, timeText } from "../answer/json-text.ts";
import { joined, type Texts } from "../answer/long-text.ts";
import { outputBatches } from "../answer/outputs.ts";

/** The text in pieces. `members`: more JSON members of the outermost object, or "". */
export async function* stepsTexts(engine: Engine, view: ExecutionView, members = ""): Texts {
  const { id, name, status, createdAtMs, updatedAtMs } = view;
  yield `{"id":${quote(id)},"name":${quote(name)},"status":"${EXECUTION_WORDS[status]}","steps":{`;
  for (const [position, step] of stepsOf(view).entries()) {
    const nodes = step.tasks.flatMap(({ node }) => view.nodes[node] ?? []);
    const word = wordOf(new Set(nodes.map(({ state }) => NODE_WORDS[state])));
    yield `${position === 0 ? "" : ","}"${position}":{"execution_type":"${step.executionType}","status":"${word}","tasks":{`;
    let before = 0;
    for await (const { nodes: some, outputs } of outputBatches(engine, id, nodes)) {
      const names = step.tasks.slice(before, before + some.length);
      yield* joined(some, (node, at) => taskMember(names[at]?.name ?? node.id, NODE_WORDS[node.state], outputs[at] ?? null), before > 0);
      before += some.length;
    }
    yield "}}";
  }
  yield `},"created_at":${timeText(createdAtMs)},"updated_at":${timeText(updatedAtMs)}${members}}`;
}

/** The older system's four words. */
type StepsWord = "pending" | "running" | "succeeded" | "failed";

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

function taskMember(name: string, word: StepsWord, result: string | null): string {
  return `${quote(name)}:{"name":${quote(name)},"status":"${word}","result":${result ?? "null"}}`;
}

/** The word of a step, from those of its tasks: failed if one is, otherwise running from the first begin to the last end. */
function wordOf(words: ReadonlySet<StepsWord>): StepsWord {
  if (words.has("failed")) return "failed";
  if (words.has("running")) return "running";
  if (words.has("succeeded")) return words.has("pending") ? "running" : "succeeded";
  return "pending";
}

/** The steps of an execution. One that came in another form has one parallel step per level of its graph. */
function stepsOf({ steps, nodes }: ExecutionView): readonly Step[] {
  if (steps !== null) return steps;
  const levels: { name: string; node: number }[][] = [];
  nodes.forEach(({ id, level }, node) => {
    while (levels.length <= level) levels.push([]);
    levels[level]?.push({ name: id, node });
  });
  return levels.map((tasks) => ({ executionType: "parallel", tasks }));
}

/**
 * The older form, `{ name, steps: [{ execution_type, tasks }] }`, made into a draft: each task is a node, and each step
 * waits for the one before.
 */
import { type Draft, Policies } from "./draft.ts";
import { warnOfUnknown } from "./fields.ts";
import { type StepsInput, stepSchema, stepsSchema, taskSchema } from "./schema.ts";
import { checkHandler, type DraftCheck, USUAL_PRIORITY, usualPolicy } from "./workflow-form.ts";
import { durationMs } from "./duration.ts";
import type { NodeIndex, Step } from "../plan/plan.ts";
import type { JsonObject } from "../json/json.ts";
import { receivedKind } from "../json/received.ts";

/** The handler of a join between two wide steps, which no view shows. */
const JOIN_HANDLER = "noop";
const RETRY_COUNT_MAX = 9_999;
const PRIORITY_WORDS: ReadonlyMap<unknown, number> = new Map([
  ["low", 2],
  ["normal", USUAL_PRIORITY],
  ["high", 8],
]);

const KNOWN_IN_DOCUMENT = new Set(Object.keys(stepsSchema.entries));
const KNOWN_IN_STEP = new Set(Object.keys(stepSchema.entries));
const KNOWN_IN_TASK = new Set(Object.keys(taskSchema.entries));
const KNOWN_IN_PARAMS = new Set(["timeout", "retry_count", "priority"]);

/** Makes a draft. Findings are added to `check`; if problems are among them, the draft means nothing. */
export function draftSteps(input: StepsInput, check: DraftCheck): Draft {
  if (input.steps.length === 0) check.structure.add("steps", "There are no steps.");
  const nodes = new Nodes(check);
  const steps: Step[] = [];
  let before: readonly NodeIndex[] = [];
  input.steps.forEach((step, position) => {
    if (step.tasks.length === 0) check.structure.add(`steps.${position}.tasks`, "The step has no tasks.");
    const parallel = step.execution_type === "parallel";
    // Without the join, m tasks before n tasks would make m × n edges.
    if (parallel && before.length > 1 && step.tasks.length > 1) before = [nodes.addJoin(before)];
    const shown = new Names();
    const tasks = step.tasks.map((task, place) => {
      const path = `steps.${position}.tasks.${place}`;
      const node = nodes.addTask(task.name, task.params ?? {}, before, path);
      if (!parallel) before = [node];
      return { name: shown.unique(task.name), node };
    });
    if (parallel) before = tasks.map((task) => task.node);
    steps.push({ executionType: step.execution_type, tasks });
  });
  if (nodes.edges > check.limits.edges)
    check.structure.add("steps", `There are ${nodes.edges} dependencies; the limit is ${check.limits.edges}.`);
  return nodes.draft(input.name, steps);
}

/** Warns about unknown fields in the document as it came. Its shape was checked before. */
export function checkStepFields(document: JsonObject, { warnings }: DraftCheck): void {
  warnOfUnknown(document, "", KNOWN_IN_DOCUMENT, warnings);
  for (const [position, step] of (document.steps as readonly JsonObject[]).entries()) {
    warnOfUnknown(step, `steps.${position}`, KNOWN_IN_STEP, warnings);
    for (const [place, task] of (step.tasks as readonly JsonObject[]).entries()) {
      warnOfUnknown(task, `steps.${position}.tasks.${place}`, KNOWN_IN_TASK, warnings);
    }
  }
}

/** The names that are given out, each once: `task_a`, then `task_a#2`. */
class Names {
  readonly #given = new Map<string, number>();

  unique(name: string): string {
    const count = (this.#given.get(name) ?? 0) + 1;
    this.#given.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  }
}

/** The nodes so far, column by column. */
class Nodes {
  edges = 0;
  readonly #check: DraftCheck;
  readonly #policies: Policies;
  readonly #names = new Names();
  readonly #ids: string[] = [];
  readonly #handlers: string[] = [];
  readonly #dependencies: (readonly NodeIndex[])[] = [];
  readonly #retryOf: number[] = [];
  readonly #timeoutMs: number[] = [];
  readonly #priorities: number[] = [];
  readonly #joins: NodeIndex[] = [];

  constructor(check: DraftCheck) {
    this.#check = check;
    this.#policies = new Policies(usualPolicy(check.defaults));
  }

  addTask(name: string, params: JsonObject, dependencies: readonly NodeIndex[], path: string): NodeIndex {
    const { defaults, warnings } = this.#check;
    checkHandler(name, "a task", `${path}.name`, this.#check);
    const read = <T>(key: string, reader: (value: unknown) => T | null, expected: string): T | null => {
      const value = Object.hasOwn(params, key) ? params[key] : null;
      if (value === null) return null;
      const result = reader(value);
      if (result === null)
        warnings.add(`${path}.params.${key}`, `The value was ignored: expected ${expected}, got ${receivedKind(value)}.`);
      return result;
    };
    warnOfUnknown(params, `${path}.params`, KNOWN_IN_PARAMS, warnings);
    const retryCount = read("retry_count", readRetryCount, `a whole number from 0 to ${RETRY_COUNT_MAX}`);
    const usual = usualPolicy(defaults);
    const policy = retryCount === null ? usual : { ...usual, maxAttempts: retryCount + 1 };
    this.#retryOf.push(this.#policies.positionOf(policy));
    this.#timeoutMs.push(read("timeout", readTimeout, "a number of seconds above 0") ?? defaults.timeoutMs);
    this.#priorities.push(read("priority", readPriority, "0 to 10, low, normal or high") ?? USUAL_PRIORITY);
    return this.#add(this.#names.unique(name), name, dependencies);
  }

  addJoin(dependencies: readonly NodeIndex[]): NodeIndex {
    this.#retryOf.push(0);
    this.#timeoutMs.push(this.#check.defaults.timeoutMs);
    this.#priorities.push(USUAL_PRIORITY);
    // No handler's name begins like this, so no task's id does.
    const node = this.#add(`#join-${this.#joins.length + 1}`, JOIN_HANDLER, dependencies);
    this.#joins.push(node);
    return node;
  }

  draft(name: string, steps: readonly Step[]): Draft {
    const start = new Int32Array(this.#ids.length + 1);
    this.#dependencies.forEach((row, node) => {
      start[node + 1] = start[node]! + row.length;
    });
    const hidden = this.#joins.length === 0 ? null : new Uint8Array(this.#ids.length);
    for (const join of this.#joins) hidden?.fill(1, join, join + 1);
    return {
      name,
      about: "{}",
      tags: [],
      priority: USUAL_PRIORITY,
      ids: this.#ids,
      index: new Map(this.#ids.map((id, node) => [id, node])),
      handlers: this.#handlers,
      configs: new Array<null>(this.#ids.length).fill(null),
      retries: this.#policies.list,
      retryOf: new Uint16Array(this.#retryOf),
      timeoutMs: new Float64Array(this.#timeoutMs),
      priorities: new Uint8Array(this.#priorities),
      dependencies: { start, targets: new Int32Array(this.#dependencies.flat()) },
      hidden,
      steps,
      overrides: [],
    };
  }

  #add(id: string, handler: string, dependencies: readonly NodeIndex[]): NodeIndex {
    this.edges += dependencies.length;
    this.#handlers.push(handler);
    this.#dependencies.push(dependencies);
    return this.#ids.push(id) - 1;
  }
}

function readRetryCount(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= RETRY_COUNT_MAX ? value : null;
}

function readTimeout(value: unknown): number | null {
  const ms = typeof value === "number" || typeof value === "string" ? durationMs(value) : null;
  return ms === 0 ? null : ms;
}

function readPriority(value: unknown): number | null {
  if (typeof value === "string") return PRIORITY_WORDS.get(value.trim().toLowerCase()) ?? null;
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 10 ? value : null;
}

/** The older form with steps: which graph it becomes, and what its tasks' params mean. */
import { describe, expect, test } from "bun:test";
import { compileStored } from "../../../src/workflow/definition/definition.ts";
import { check, dependenciesOf, planOf, refusal, warnings } from "./definitions.ts";

type Task = string | { readonly name: string; readonly params?: unknown };
const steps = { form: "steps" } as const;

function sequential(...tasks: readonly Task[]): object {
  return { execution_type: "sequential", tasks: tasks.map((task) => (typeof task === "string" ? { name: task } : task)) };
}
function parallel(...tasks: readonly Task[]): object {
  return { ...sequential(...tasks), execution_type: "parallel" };
}
function body(...list: readonly object[]): string {
  return JSON.stringify({ name: "sample", steps: list });
}

describe("the graph", () => {
  test("of a row is a chain, and the next step waits for its end", () => {
    const plan = planOf(body(sequential("task_a", "task_b"), parallel("task_c")), steps);
    expect(plan.ids).toEqual(["task_a", "task_b", "task_c"]);
    expect(dependenciesOf(plan, "task_b")).toEqual(["task_a"]);
    expect(dependenciesOf(plan, "task_c")).toEqual(["task_b"]);
    expect(plan.steps).toEqual([
      {
        executionType: "sequential",
        tasks: [
          { name: "task_a", node: 0 },
          { name: "task_b", node: 1 },
        ],
      },
      { executionType: "parallel", tasks: [{ name: "task_c", node: 2 }] },
    ]);
  });

  test("has a hidden join between two wide steps, so that edges stay n + m", () => {
    const plan = planOf(body(parallel("task_a", "task_b"), parallel("task_a", "task_b", "task_c"), sequential("noop")), steps);
    expect(plan.ids).toEqual(["task_a", "task_b", "#join-1", "task_a#2", "task_b#2", "task_c", "noop"]);
    expect([...(plan.hidden ?? [])]).toEqual([0, 0, 1, 0, 0, 0, 0]);
    expect(plan.visible).toBe(6);
    expect(dependenciesOf(plan, "#join-1")).toEqual(["task_a", "task_b"]);
    expect(dependenciesOf(plan, "task_b#2")).toEqual(["#join-1"]);
    expect(dependenciesOf(plan, "noop")).toEqual(["task_a#2", "task_b#2", "task_c"]);
    expect(plan.handlers[3]).toBe("task_a");
    expect(plan.steps?.[1]?.tasks.map((task) => task.name)).toEqual(["task_a", "task_b", "task_c"]);
  });

  test("has a node for each time that a task is there", () => {
    const plan = planOf(body(parallel("task_a", "task_a"), sequential("task_a", "task_a")), steps);
    expect(plan.ids).toEqual(["task_a", "task_a#2", "task_a#3", "task_a#4"]);
    expect(plan.steps?.map((step) => step.tasks.map((task) => task.name))).toEqual([
      ["task_a", "task_a#2"],
      ["task_a", "task_a#2"],
    ]);
    expect(dependenciesOf(plan, "task_a#3")).toEqual(["task_a", "task_a#2"]);
  });

  test("is the same after a restart, joins and names included", () => {
    const result = check(body(parallel("task_a", "task_b"), parallel("task_a", "task_c")), steps);
    if (!result.ok) throw new Error("The definition was refused.");
    expect(compileStored(result.text)).toEqual(result.plan);
  });
});

describe("a task's params", () => {
  const plan = planOf(
    body(
      parallel(
        { name: "task_a", params: { timeout: 30, retry_count: 0, priority: "high" } },
        { name: "task_b", params: { timeout: "2m", retry_count: 3, priority: 0 } },
        { name: "task_c", params: null },
      ),
    ),
    steps,
  );

  test("set the timeout, the attempts (one more than the retries) and the priority", () => {
    const attempts = [...plan.retryOf].map((policy) => plan.retries[policy]?.maxAttempts);
    expect(attempts).toEqual([1, 4, 3]);
    expect([...plan.timeoutMs]).toEqual([30_000, 120_000, 3_600_000]);
    expect([...plan.priorities]).toEqual([8, 0, 5]);
  });

  test("that cannot be read are ignored, with a warning", () => {
    const text = body(parallel({ name: "task_a", params: { timeout: -1, retry_count: "many", priority: "urgent", colour: "red" } }));
    expect(warnings(text, steps)).toEqual([
      'steps.0.tasks.0.params.colour: The field "colour" is not known and was ignored.',
      "steps.0.tasks.0.params.retry_count: The value was ignored: expected a whole number from 0 to 9999, got a string of 4 characters.",
      "steps.0.tasks.0.params.timeout: The value was ignored: expected a number of seconds above 0, got a number.",
      "steps.0.tasks.0.params.priority: The value was ignored: expected 0 to 10, low, normal or high, got a string of 6 characters.",
    ]);
    const huge =
      '{"name":"t","steps":[{"execution_type":"parallel","tasks":[{"name":"task_a","params":{"priority":12345678901234567890}}]}]}';
    expect(warnings(huge, steps)[0]).toContain("The value was ignored: expected 0 to 10");
  });

  test("and unknown fields elsewhere are warned of", () => {
    const text = JSON.stringify({ name: "t", x: 1, steps: [{ ...parallel("task_a"), y: 2 }] });
    expect(warnings(text, steps)).toEqual([
      'x: The field "x" is not known and was ignored.',
      'steps.0.y: The field "y" is not known and was ignored.',
    ]);
  });
});

describe("refused", () => {
  test("are no steps, empty steps and unknown tasks, as structure", () => {
    expect(refusal(body(), steps)).toEqual(["structure", "steps: There are no steps."]);
    expect(refusal(body(sequential("task_a"), parallel()), steps)).toEqual(["structure", "steps.1.tasks: The step has no tasks."]);
    expect(refusal(body(sequential("nope")), steps)[1]).toStartWith(
      'steps.0.tasks.0.name: Unknown handler "nope" of a task. Known are: noop',
    );
  });

  test("are wrong types, as shape", () => {
    expect(refusal(JSON.stringify({ name: "t", steps: [{ execution_type: "random", tasks: [{ name: 1, params: [] }] }] }), steps)).toEqual([
      "shape",
      'steps.0.execution_type: Expected ("sequential" | "parallel"), got a string of 6 characters.',
      "steps.0.tasks.0.name: Expected string, got a number.",
      "steps.0.tasks.0.params: Expected an object, got a list of 0.",
    ]);
  });

  test("are more nodes or edges than the limits", () => {
    const wide = body(parallel("task_a", "task_b"), sequential("task_c"));
    expect(refusal(wide, { ...steps, limits: { nodes: 4, edges: 9, nesting: 128 } })).toEqual([
      "structure",
      "steps: There are 5 nodes; the limit is 4.",
    ]);
    expect(refusal(wide, { ...steps, limits: { nodes: 9, edges: 1, nesting: 128 } })).toEqual([
      "structure",
      "steps: There are 2 dependencies; the limit is 1.",
    ]);
  });
});

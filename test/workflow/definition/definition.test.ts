/** What a definition may say, what is refused and how, and what becomes of it. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compileStored, levelOfStored } from "../../../src/workflow/definition/definition.ts";
import { UnknownForm } from "../../../src/workflow/execution/level.ts";
import { check, dependenciesOf, planOf, refusal, usual, warnings, workflow } from "./definitions.ts";

describe("a definition that is right", () => {
  test("becomes a plan in columns, in its own order", () => {
    const plan = planOf(
      workflow(
        [
          { id: "b", dependencies: ["a"], config: { url: "x", n: 1 }, priority: 9 },
          { id: "a", config: {} },
          { id: "c", dependencies: ["b", "a"], timeout: "30s" },
        ],
        { tags: ["x"], priority: 7, version: 1, description: "…", params: { type: "object" } },
      ),
    );
    expect(plan.ids).toEqual(["b", "a", "c"]);
    expect(plan.index.get("c")).toBe(2);
    expect(plan.tags).toEqual(["x"]);
    expect(plan.configs).toEqual(['{"url":"x","n":1}', null, null]);
    expect([...plan.priorities]).toEqual([9, 7, 7]);
    expect([...plan.timeoutMs]).toEqual([3_600_000, 3_600_000, 30_000]);
    expect([...plan.level]).toEqual([1, 0, 2]);
    expect([...plan.dependencies]).toEqual([1, 0, 1]);
    expect([...plan.dependents]).toEqual([2, 0, 2]);
    expect([...plan.dependentStart]).toEqual([0, 1, 3, 3]);
    expect({ priority: plan.priority, hidden: plan.hidden, visible: plan.visible, steps: plan.steps }).toEqual({
      priority: 7,
      hidden: null,
      visible: 3,
      steps: null,
    });
  });

  test("null means absent everywhere", () => {
    const nothing = { dependencies: null, config: null, retry: null, timeout: null, priority: null, if: null, for_each: null };
    const text = workflow([{ id: "a", ...nothing }], {
      version: null,
      description: null,
      params: null,
      tags: null,
      strict: null,
      timeout: null,
    });
    expect(warnings(text)).toEqual([]);
  });

  test("a retry says only what differs from the defaults", () => {
    const plan = planOf(
      workflow([
        { id: "a" },
        { id: "b", retry: { max_attempts: 1 } },
        { id: "c", retry: { initial_interval: "5m", jitter: "full", non_retryable: ["declined"] } },
        { id: "d", retry: { max_attempts: 3, initial_interval: 1, backoff_coefficient: null, max_interval: "60s" } },
        { id: "e", retry: { initial_interval: "250ms", backoff_coefficient: 1.5, max_interval: 2 } },
      ]),
    );
    const policy = (id: string) => plan.retries[plan.retryOf[plan.index.get(id) ?? -1] ?? -1];
    const usualPolicy = {
      maxAttempts: 3,
      initialIntervalMs: 1_000,
      backoffCoefficient: 2,
      maxIntervalMs: 60_000,
      jitter: "none" as const,
      nonRetryable: [],
    };
    expect(policy("a")).toEqual(usualPolicy);
    expect(policy("b")).toEqual({ ...usualPolicy, maxAttempts: 1 });
    expect(policy("c")).toEqual({
      ...usualPolicy,
      initialIntervalMs: 300_000,
      maxIntervalMs: 300_000,
      jitter: "full",
      nonRetryable: ["declined"],
    });
    expect(plan.retryOf[3]).toBe(0);
    expect(policy("e")).toEqual({ ...usualPolicy, initialIntervalMs: 250, backoffCoefficient: 1.5, maxIntervalMs: 2_000 });
    expect(plan.retries.length).toBe(4);
  });

  test("names such as __proto__, constructor and 1 are plain ids and plain keys", () => {
    const text = `{"name":"t","dag":{"nodes":[
      {"id":"__proto__","handler":"noop","config":{"__proto__":{"x":1},"constructor":2}},
      {"id":"constructor","handler":"noop","dependencies":["__proto__"]},
      {"id":"10","handler":"noop","dependencies":["constructor"]},{"id":"2","handler":"noop","dependencies":["10"]}]}}`;
    const plan = planOf(text);
    expect(plan.ids).toEqual(["__proto__", "constructor", "10", "2"]);
    expect(plan.configs[0]).toBe('{"__proto__":{"x":1},"constructor":2}');
    expect(dependenciesOf(plan, "2")).toEqual(["10"]);
  });

  test("integers beyond 2^53 keep their digits in configs", () => {
    expect(planOf('{"name":"t","dag":{"nodes":[{"id":"a","handler":"noop","config":{"n":12345678901234567890}}]}}').configs).toEqual([
      '{"n":12345678901234567890}',
    ]);
  });

  test("a dependency that is there twice counts once, with a warning", () => {
    const text = workflow([{ id: "a" }, { id: "b", dependencies: ["a", "a"] }]);
    expect(dependenciesOf(planOf(text), "b")).toEqual(["a"]);
    expect(warnings(text)).toEqual(['dag.nodes.1.dependencies: The dependency "a" is there twice; it counts once.']);
  });

  test("fields that nobody knows are ignored, with a warning each", () => {
    const text = JSON.stringify({
      name: "t",
      owner: "me",
      dag: { edges: [], nodes: [{ id: "a", handler: "noop", label: "A", retry: { tries: 3 } }] },
    });
    expect(warnings(text)).toEqual([
      'owner: The field "owner" is not known and was ignored.',
      'dag.edges: The field "edges" is not known and was ignored.',
      'dag.nodes.0.label: The field "label" is not known and was ignored.',
      'dag.nodes.0.retry.tries: The field "tries" is not known and was ignored.',
    ]);
  });
});

describe("a definition that is refused", () => {
  test("as no JSON, or too deep: syntax", () => {
    expect(refusal('{"name":')[0]).toBe("syntax");
    expect(refusal("[".repeat(100_000))).toEqual(["syntax", ": The definition is nested deeper than 128 levels."]);
  });

  test("for wrong types: shape, with each place and what was expected there", () => {
    const text = JSON.stringify({
      name: 5,
      tags: "x",
      dag: {
        nodes: [
          { id: "a", handler: "noop", dependencies: "b", retry: { max_attempts: 0, jitter: "some" }, timeout: true },
          { handler: "noop", config: [], priority: 11 },
          { id: "with space", handler: "noop" },
          7,
        ],
      },
    });
    expect(refusal(text)).toEqual([
      "shape",
      "name: Expected string, got a number.",
      "tags: Expected Array, got a string of 1 character.",
      "dag.nodes.0.dependencies: Expected Array, got a string of 1 character.",
      "dag.nodes.0.retry.max_attempts: Expected at least 1.",
      'dag.nodes.0.retry.jitter: Expected ("none" | "full" | "equal"), got a string of 4 characters.',
      "dag.nodes.0.timeout: Expected (number | string), got a boolean.",
      "dag.nodes.1.id: Required, but missing.",
      "dag.nodes.1.config: Expected an object, got a list of 0.",
      "dag.nodes.1.priority: Expected at most 10.",
      "dag.nodes.2.id: Expected an id of 1 to 128 letters, digits, _ or -, got a string of 10 characters.",
      "dag.nodes.3: Expected Object, got a number.",
    ]);
    expect(
      refusal(JSON.stringify({ name: "", priority: 1.5, version: "x".repeat(129), dag: { nodes: [{ id: "a", handler: "noop" }] } })),
    ).toEqual([
      "shape",
      "name: Expected a length of at least 1.",
      "version: Expected a length of at most 128.",
      "priority: Expected a whole number.",
    ]);
    expect(refusal('{"name":"t","dag":{"nodes":[{"id":"a","handler":"noop","timeout":9007199254740993}]}}')).toEqual([
      "shape",
      "dag.nodes.0.timeout: The number is too large here.",
    ]);
    expect(refusal('{"name":"t","dag":{"nodes":[{"id":"a","handler":"noop","retry":[]}]}}')).toEqual([
      "shape",
      "dag.nodes.0.retry: Expected an object, got Array.",
    ]);
    expect(refusal("[]")).toEqual(["shape", ": Expected an object."]);
    expect(refusal('{"name":"t"}')).toEqual(["shape", "dag: Required, but missing."]);
    expect(refusal(workflow([{ id: "x".repeat(129) }]))[1]).toContain("1 to 128 letters");
  });

  test("for durations that mean nothing: shape", () => {
    const lines = refusal(
      workflow([
        { id: "a", timeout: "soon" },
        { id: "b", timeout: -1 },
        { id: "c", timeout: 0 },
        { id: "d", retry: { initial_interval: "5s 3foo", max_interval: "999y" } },
        { id: "e", timeout: "30" },
      ]),
    );
    expect(lines[0]).toBe("shape");
    expect(lines.slice(1).map((line) => line.split(":")[0])).toEqual([
      "dag.nodes.0.timeout",
      "dag.nodes.1.timeout",
      "dag.nodes.2.timeout",
      "dag.nodes.3.retry.initial_interval",
      "dag.nodes.3.retry.max_interval",
      "dag.nodes.4.timeout",
    ]);
    expect(lines[1]).toContain('"30s"');
  });

  test("for a cycle: structure, with its way", () => {
    const text = workflow([
      { id: "start" },
      { id: "a", dependencies: ["start", "c"] },
      { id: "b", dependencies: ["a"] },
      { id: "c", dependencies: ["b"] },
      { id: "after", dependencies: ["c"] },
    ]);
    const [kind, line] = refusal(text);
    expect(kind).toBe("structure");
    expect(line).toMatch(/^dag\.nodes: The graph has a cycle: (a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c)\.$/);
  });

  test("for everything else that cannot run: structure, all at once", () => {
    const text = workflow([
      { id: "a", handler: "nope" },
      { id: "a" },
      { id: "b", dependencies: ["b", "ghost"] },
      { id: "c", dependencies: ["a:failed"] },
    ]);
    expect(refusal(text)).toEqual([
      "structure",
      'dag.nodes.1.id: Duplicate node id "a".',
      'dag.nodes.0.handler: Unknown handler "nope" of node "a". Known are: noop, input, output, call_external_service, llm, task_a, task_b, task_c.',
      'dag.nodes.2.dependencies: Node "b" has itself as a dependency: a cycle (b -> b).',
      'dag.nodes.2.dependencies: Unknown dependency "ghost" of node "b".',
      'dag.nodes.3.dependencies: The dependency "a:failed" of node "c" is not supported yet: branches and catch edges ("node:case", "node:failed") are not built.',
    ]);
    expect(refusal(workflow([]))).toEqual(["structure", "dag.nodes: The graph has no nodes."]);
  });

  test("for what is not built yet: structure, since it must not run as if it were not there", () => {
    const text = workflow(
      [
        {
          id: "a",
          if: "x > 1",
          for_each: "{{ b.items }}",
          on_error: "continue",
          trigger_rule: "all_done",
          delivery: "at_most_once",
          cache: {},
        },
      ],
      { timeout: "1h", failure_policy: "continue", triggers: [{ cron: "* * * * *" }], defaults: { timeout: 5 }, output: {} },
    );
    const [kind, ...lines] = refusal(text);
    expect(kind).toBe("structure");
    expect(lines.toSorted()).toEqual(
      [
        ...["timeout", "failure_policy", "triggers", "defaults", "output"].map((field) => `${field}: \`${field}\` is not supported yet.`),
        ...["if", "for_each", "on_error", "trigger_rule", "delivery", "cache"].map(
          (field) => `dag.nodes.0.${field}: \`${field}\` is not supported yet.`,
        ),
      ].toSorted(),
    );
  });

  test("but not for what is not built and has its default value", () => {
    const text = workflow(
      [{ id: "a", on_error: "fail", trigger_rule: "all_success", delivery: "at_least_once", tolerated_failure_percentage: 0 }],
      {
        failure_policy: "halt",
        triggers: [],
        defaults: {},
      },
    );
    expect(warnings(text)).toEqual([]);
  });

  test("for its size: structure, naming the limit", () => {
    const limits = { nodes: 3, edges: 2, nesting: 128 };
    const chain = ["a", "b", "c", "d"].map((id, position, all) => ({ id, dependencies: all.slice(0, position) }));
    expect(refusal(workflow(chain), { limits })).toEqual(["structure", "dag.nodes: There are 4 nodes; the limit is 3."]);
    expect(refusal(workflow(chain.slice(0, 3)), { limits })).toEqual(["structure", "dag.nodes: There are 3 dependencies; the limit is 2."]);
  });

  test("with 50 problems in full and the rest as a number", () => {
    const lines = refusal(workflow(Array.from({ length: 60 }, (_, position) => ({ id: `n${position}`, handler: "nope" }))));
    expect(lines.length).toBe(52);
    expect(lines.at(-1)).toBe(": … and 10 more of this kind.");
  });
});

test("whatever comes in, the answer is an answer, and what is accepted compiles again", () => {
  const id = fc.constantFrom("a", "b", "c", "__proto__", "1", "a:failed", "");
  const odd = fc.jsonValue({ maxDepth: 2 });
  const field = fc.constantFrom("dependencies", "config", "retry", "timeout", "priority", "if", "other");
  const node = fc
    .tuple(id, fc.constantFrom("noop", "nope"), fc.array(id, { maxLength: 3 }), fc.option(fc.tuple(field, odd)))
    .map(([name, handler, dependencies, extra]) => ({
      id: name,
      handler,
      dependencies,
      ...(extra === null ? {} : { [extra[0]]: extra[1] }),
    }));
  const document = fc.oneof(
    odd,
    fc.record({ name: fc.constant("t"), dag: fc.record({ nodes: fc.array(fc.oneof({ weight: 9, arbitrary: node }, odd)) }) }),
  );
  fc.assert(
    fc.property(document, fc.constantFrom("workflow", "steps"), (value, form) => {
      const result = check(JSON.stringify(value), { form });
      if (result.ok) expect(compileStored(result.text)).toEqual(result.plan);
      else expect(result.problems.length).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
});

describe("templates in a definition", () => {
  const text = workflow(
    [
      { id: "a" },
      {
        id: "b",
        dependencies: ["a"],
        config: { ok: ["{{ a.output.x }} {{ params.y }} \\{{ literal }}"], self: "{{ b.x }}", ghost: "{{ ghost.x }}" },
      },
      {
        id: "c",
        config: { side: "{{ b.x }}", prompt: "Dear {{ name }}, {{ foo bar }}", word: "{{ secrets.KEY }} {{ node.colour }} {{ nodes }}" },
      },
    ],
    {},
  );

  test("that cannot be right are warned of", () => {
    expect(warnings(text)).toEqual([
      'dag.nodes.1.config.self: {{ b.x }}: "b" does not come before "b": add it to the dependencies.',
      'dag.nodes.1.config.ghost: {{ ghost.x }}: there is no node "ghost".',
      'dag.nodes.2.config.side: {{ b.x }}: "b" does not come before "c": add it to the dependencies.',
      "dag.nodes.2.config.prompt: {{ name }}: is neither a node nor a path to data: it stays as text.",
      "dag.nodes.2.config.prompt: {{ foo bar }} is no path to data: it stays as text.",
      "dag.nodes.2.config.word: {{ secrets.KEY }}: there are no secrets yet.",
      "dag.nodes.2.config.word: {{ node.colour }}: a node has `id`, `handler`, `attempt` and `idempotency_key`.",
      "dag.nodes.2.config.word: {{ nodes }}: `nodes` needs the id of a node, as in `nodes.a.output`.",
    ]);
  });

  test("that cannot be right are refused where the workflow is strict", () => {
    const strict = JSON.stringify({ ...JSON.parse(text), strict: true });
    expect(refusal(strict).length).toBe(9);
    expect(refusal(strict)[0]).toBe("structure");
    const { nodes } = JSON.parse(text).dag;
    expect(check(JSON.stringify({ name: "t", strict: true, dag: { nodes: nodes.slice(0, 1) } })).ok).toBe(true);
  });
});

describe("the stored text", () => {
  test("gives the same plan again, whatever the settings are by then", () => {
    const text = workflow([
      { id: "b", dependencies: ["a"], config: { n: 1, t: "{{ a.x }}" } },
      { id: "a", timeout: 5 },
      { id: "c", retry: { max_attempts: 9 } },
    ]);
    const result = check(text);
    if (!result.ok) throw new Error("The definition was refused.");
    expect(compileStored(result.text)).toEqual(result.plan);
    const other = check(text, { defaults: { retry: { maxAttempts: 1, initialIntervalMs: 1 }, timeoutMs: 1 } });
    expect(other.ok && other.text !== result.text).toBe(true);
  });

  test("keeps what changes nothing: version, description, params with all their digits", () => {
    const result = check('{"name":"t","version":"v2","params":{"n":12345678901234567890},"dag":{"nodes":[{"id":"a","handler":"noop"}]}}');
    expect(result.ok && JSON.parse(result.text).about).toBe('{"version":"v2","description":null,"params":{"n":12345678901234567890}}');
  });

  test("does not ask which handlers there are", () => {
    const result = check(workflow([{ id: "a" }]), usual);
    expect(result.ok && compileStored(result.text).handlers).toEqual(["noop"]);
  });

  test("that somebody else wrote throws", () => {
    const result = check(workflow([{ id: "a" }, { id: "b", dependencies: ["a"] }]));
    if (!result.ok) throw new Error("The definition was refused.");
    const broken = { ...JSON.parse(result.text), dependencyCounts: 1, dependencies: [1, 0] };
    expect(() => compileStored(JSON.stringify(broken))).toThrow("has a cycle");
  });

  test("of a format that only a newer version knows is refused with a sentence, and nothing of it is read", () => {
    const result = check(workflow([{ id: "a" }]));
    if (!result.ok) throw new Error("The definition was refused.");
    expect(levelOfStored(result.text)).toBe(1);
    for (const [before, said] of [
      ['{"format":2,', "The definition is in format 2"],
      ['{"format":10,', "The definition is in format 10"],
      ["{", "The definition has no format"],
    ] as const) {
      const newer = result.text.replace('{"format":1,', before);
      expect(() => compileStored(newer)).toThrow(UnknownForm);
      expect(() => compileStored(newer)).toThrow(
        `${said}, which this version of Troupe does not know: a newer one wrote it. Run that version.`,
      );
    }
  });
});

/** What templates mean: which data a path finds, what stays text, and what a trigger may change. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createParsedTexts } from "../../../src/node/parsed-texts.ts";
import { mergeConfig, namesIn } from "../../../src/workflow/template/template.ts";
import { piecesOf } from "../../../src/workflow/template/parse.ts";
import { resolveConfig, type Scope } from "../../../src/workflow/template/resolve.ts";

const execution = { executionId: "e1", executionName: "test" };

function ancestor(id: string, output: unknown): Scope["scope"][number] {
  return { id, status: "COMPLETED", attempt: 2, error: null, output: output === undefined ? null : JSON.stringify(output) };
}

const a = ancestor("a", { data: [10, { deep: "x" }], status: "own", zero: 0, no: false, empty: "", list: [], nothing: null, text: "t" });

function resolve(config: unknown, fields: Partial<Scope> = {}, charactersMax = 10_000) {
  const text = typeof config === "string" ? config : JSON.stringify(config);
  const scope: Scope = {
    nodeId: "me",
    attempt: 1,
    handler: "noop",
    config: text,
    fromTrigger: [],
    scope: [a],
    params: null,
    runtime: null,
    ...fields,
  };
  return resolveConfig(scope, execution, createParsedTexts(10_000), charactersMax);
}

function value(template: string, fields: Partial<Scope> = {}): unknown {
  const result = resolve({ x: template }, fields);
  if (!result.ok) throw new Error(result.failure.message);
  return result.config.x;
}

function missing(template: string, fields: Partial<Scope> = {}): string {
  const result = resolve({ deep: [{ x: template }] }, fields);
  if (result.ok) throw new Error(`"${template}" should be missing data, but is ${JSON.stringify(result.config)}`);
  expect(result.failure).toMatchObject({ kind: "template_error", code: "template_error", retryable: false });
  return result.failure.message;
}

describe("a path", () => {
  test("goes over the output first, then without a leading output, then over the node's own fields", () => {
    expect(value("{{ a.text }}")).toBe("t");
    expect(value("{{ a.output.text }}")).toBe("t");
    expect(value("{{a.data.1.deep}}")).toBe("x");
    expect(value("{{ a.status }}")).toBe("own");
    expect(value("{{ a.attempt }}")).toBe(2);
    expect(value("{{ a.error }}")).toBeNull();
    expect(value("{{ b.status }}", { scope: [ancestor("b", 5)] })).toBe("COMPLETED");
    expect(value("{{ b.output }}", { scope: [ancestor("b", { output: 5 })] })).toBe(5);
    expect(value("{{ b.output.output }}", { scope: [ancestor("b", { output: 5 })] })).toBe(5);
    expect(value("{{ b.output }}", { scope: [ancestor("b", null)] })).toBeNull();
  });

  test("to an ancestor alone gives all of it", () => {
    expect(value("{{ b }}", { scope: [ancestor("b", [1])] })).toEqual({ output: [1], status: "COMPLETED", error: null, attempt: 2 });
  });

  test("finds 0, false, empty strings, empty lists and null: they are values", () => {
    expect(["zero", "no", "empty", "list", "nothing"].map((key) => value(`{{ a.${key} }}`))).toEqual([0, false, "", [], null]);
  });

  test("finds own data only: what every object or array has is missing", () => {
    for (const path of [
      "a.constructor.name",
      "a.output.__proto__",
      "a.data.length",
      "a.data.01",
      "a.data.-1",
      "a.text.0",
      "a.text.length",
      "a.data.2",
    ]) {
      expect(missing(`{{ ${path} }}`)).toContain(`{{ ${path} }} in config.deep.0.x`);
    }
    const odd = { ...a, output: '{"__proto__":{"x":1},"constructor":{"name":"mine"}}' };
    expect(value("{{ a.__proto__.x }} {{ a.constructor.name }}", { scope: [odd] })).toBe("1 mine");
  });

  test("that finds nothing fails with the path, the place and a reason", () => {
    expect(missing("{{ a.output.nope }}")).toBe(
      'Missing data: {{ a.output.nope }} in config.deep.0.x: the output of "a" has no output.nope.',
    );
    expect(missing("see {{ a.nope }}")).toContain("{{ a.nope }}");
    expect(missing("{{ ghost.x }}")).toContain('"ghost" is no node that comes before "me"');
    expect(missing("{{ b.output }}", { scope: [ancestor("b", undefined)] })).toContain("b.output");
  });

  test("into the scope finds params, execution, node and runtime, whole or in part", () => {
    const fields = { params: '{"user":{"id":7}}', runtime: '{"key":"k"}' };
    expect(value("{{ params }}", fields)).toEqual({ user: { id: 7 } });
    expect(value("{{ params.user.id }}", fields)).toBe(7);
    expect(value("{{ runtime.key }}", fields)).toBe("k");
    expect(value("{{ execution.id }}/{{ execution.name }}/{{ node.id }}/{{ node.handler }}/{{ node.attempt }}")).toBe("e1/test/me/noop/1");
    expect(value("{{ node.idempotency_key }}")).toBe("e1/me");
    const node = ancestor("node", { idempotency_key: "its own output" });
    expect(value("{{ node.idempotency_key }}", { scope: [node] })).toBe("its own output");
    expect(value("{{ params }}")).toEqual({});
    expect(missing("{{ params.x }}")).toContain("there is no params.x");
    expect(missing("{{ runtime.x }}")).toContain("there is no runtime.x");
    expect(missing("{{ secrets.KEY }}")).toContain("there are no secrets");
    expect(missing("{{ nodes }}")).toContain("needs the id of a node");
  });

  test("prefers an ancestor's id to a scope word", () => {
    expect(value("{{ params.x }}", { scope: [ancestor("params", { x: "node" })], params: '{"x":"trigger"}' })).toBe("node");
    const both = { scope: [a, ancestor("nodes", { v: 1, a: { text: "of nodes" } })] };
    expect(value("{{ nodes.v }}", both)).toBe(1);
    expect(value("{{ nodes.a.text }}", both)).toBe("of nodes");
    expect(value('{{ nodes["a"].text }} {{ nodes["nodes"].v }}', both)).toBe("t 1");
  });

  test("through nodes names an ancestor and nothing else", () => {
    expect(value("{{ nodes.a.text }}")).toBe("t");
    expect(value('{{ nodes["a"].output.text }}')).toBe("t");
    expect(value("{{ nodes['a-b'].x }}", { scope: [ancestor("a-b", { x: 1 })] })).toBe(1);
    expect(missing("{{ nodes.params }}", { params: "{}" })).toContain('"params" is no node');
  });
});

describe("a string", () => {
  test("that is one template keeps the value's type, spaces around it not counted", () => {
    expect(value("  {{ a.data }}\n")).toEqual([10, { deep: "x" }]);
    expect(value("{{ a.zero }}")).toBe(0);
  });

  test("with text beside becomes text: strings as they are, other values as JSON", () => {
    expect(value("<{{ a.text }}|{{ a.data }}|{{ a.nothing }}|{{ a.no }}>")).toBe('<t|[10,{"deep":"x"}]|null|false>');
    expect(value("{{ a.zero }}{{ a.zero }}")).toBe("00");
  });

  test("keeps what is in braces and is no path, and finds paths inside of it", () => {
    for (const text of [
      "Dear {{ name }}",
      "{{ name }}",
      "{{ foo bar }}",
      "{{ a..b }}",
      "{{ }}",
      "{{",
      "}}",
      "{{ a.text",
      "{{ a.text + 1 }}",
    ]) {
      expect(value(text)).toBe(text);
    }
    expect(value("{{{ a.text }}}")).toBe("{t}");
    expect(value("{{ foo {{ a.text }} }}")).toBe("{{ foo t }}");
  });

  test("takes a backslash before braces as text", () => {
    expect(value("\\{{ a.text }}")).toBe("{{ a.text }}");
    expect(value("{{ a.text }}\\{{ a.text }}{{ a.text }}")).toBe("t{{ a.text }}t");
  });

  test("is filled in once: what came out of a template is never expanded again", () => {
    const evil = ancestor("b", { text: "{{ a.text }} \\{{ x }}", half: "{{ a.te" });
    expect(value("{{ b.text }}", { scope: [a, evil] })).toBe("{{ a.text }} \\{{ x }}");
    expect(value("> {{ b.text }}", { scope: [a, evil] })).toBe("> {{ a.text }} \\{{ x }}");
    expect(value("{{ b.half }}xt }}", { scope: [a, evil] })).toBe("{{ a.text }}");
  });

  test("as long as a book without an end of braces takes no time", () => {
    const text = `${"{{ ".repeat(50_000)}${"{{a.".repeat(50_000)}${" ".repeat(50_000)}`;
    expect(value(text)).toBe(text);
  });
});

describe("a config", () => {
  test("is filled in at every depth, with its keys as they are", () => {
    const result = resolve('{"__proto__":{"x":"{{ a.text }}"},"list":["{{ a.zero }}",{"y":["{{ a.text }}!"]}],"{{ a.text }}":1}');
    expect(result.ok && JSON.stringify(result.config)).toBe('{"__proto__":{"x":"t"},"list":[0,{"y":["t!"]}],"{{ a.text }}":1}');
  });

  test("is the handler's own: changing it changes nothing for others", () => {
    const parsed = createParsedTexts(10_000);
    const scope: Scope = {
      nodeId: "me",
      attempt: 1,
      handler: "noop",
      config: '{"x":"{{ a.data }}"}',
      fromTrigger: [],
      scope: [a],
      params: null,
      runtime: null,
    };
    for (let turn = 0; turn < 2; turn++) {
      const result = resolveConfig(scope, execution, parsed, 1_000);
      if (!result.ok) throw new Error(result.failure.message);
      expect(result.config.x).toEqual([10, { deep: "x" }]);
      (result.config.x as unknown[]).push("mine");
    }
  });

  test("keeps the digits of large integers, in values and in text", () => {
    const big = { scope: [{ ...a, output: '{"id":12345678901234567890}' }], params: '{"id":9007199254740993}' };
    expect(value("{{ a.id }}", big)).toBe(12345678901234567890n);
    expect(value("{{ a.output }} {{ params.id }}", big)).toBe('{"id":12345678901234567890} 9007199254740993');
  });

  test("without templates, or without a config, needs nothing", () => {
    expect(resolve({ x: 1 }, { scope: [] })).toEqual({ ok: true, config: { x: 1 } });
    expect(resolve("{}", { config: null })).toEqual({ ok: true, config: {} });
  });

  test("that would grow beyond the limit fails instead", () => {
    const large = { scope: [ancestor("b", "x".repeat(600))] };
    expect(resolve({ x: "{{ b.output }}" }, large, 1_000).ok).toBe(true);
    for (const x of ["{{ b.output }} {{ b.output }}", ["{{ b.output }}", "{{ b.output }}"]]) {
      const result = resolve({ x }, large, 1_000);
      expect(result.ok ? "" : result.failure.message).toContain("larger than the limit");
    }
  });

  test("shows secrets to no template that came with the trigger", () => {
    const result = resolve({ x: "{{ secrets.KEY }}" }, { fromTrigger: ["x"] });
    expect(result.ok ? "" : result.failure.message).toContain("what came with a trigger does not see secrets");
  });
});

describe("the names in a config", () => {
  test("are what templates begin with, and none where there are none", () => {
    expect([...namesIn('{"url":"http://x/{a}"}')]).toEqual([]);
    const config = {
      x: "{{ a.output }} {{params.y}}",
      y: ["{{\t b-1.z }}", '{{ nodes["c"].x }}', "{{ nodes.d.x }}", "{{ runtime.k }}", "{{ nodes['e'] }}"],
    };
    expect([...namesIn(JSON.stringify(config))]).toEqual(["a", "params", "b-1", "c", "nodes", "d", "runtime", "e"]);
  });

  test("are found inside what is no template", () => {
    expect(namesIn(JSON.stringify({ x: "{{{ a.b }}} {{ foo {{ c.d }} }}" }))).toContain("a");
    expect(namesIn(JSON.stringify({ x: "{{ foo {{ c.d }} }}" }))).toContain("c");
  });

  test("are found in a text whose characters are escaped", () => {
    const escaped = '{"x":"\\u007b\\u007B\\u0009\\u0061.b }} {{ nodes[\\u0022c\\u0022] }} \\\\u007b{ d }}"}';
    expect([...namesIn(escaped)]).toEqual(["a", "nodes", "c"].filter((name) => name !== "nodes"));
  });
});

test("whatever a text holds, the names miss no path that is filled in later", () => {
  const part = fc.constantFrom(
    "{{",
    "}}",
    "{",
    "}",
    "\\",
    " ",
    "\t",
    "\n",
    "\u00a0",
    ".",
    "a",
    "b-1",
    "nodes",
    "params",
    "[",
    "]",
    '"',
    "'",
    "é",
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const text = parts.join("");
      const escaped = Array.from(text, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
      for (const config of [JSON.stringify({ x: text }), `{"x":"${escaped}"}`]) {
        const names = namesIn(config);
        for (const piece of piecesOf(text)) if (typeof piece !== "string") expect(names).toContain(piece.first);
      }
    }),
    { numRuns: 2_000 },
  );
});

describe("what comes with a trigger", () => {
  test("is put over the config key by key", () => {
    expect(mergeConfig('{"a":{"x":1},"b":2}', '{"a":{"y":1},"c":3}')).toEqual({ text: '{"a":{"y":1},"b":2,"c":3}', keys: ["a", "c"] });
    expect(mergeConfig(null, '{"n":12345678901234567890}')).toEqual({ text: '{"n":12345678901234567890}', keys: ["n"] });
    expect(mergeConfig("{}", '{"__proto__":{"x":1}}')).toEqual({ text: '{"__proto__":{"x":1}}', keys: ["__proto__"] });
  });

  test("changes nothing where it is no object", () => {
    expect(mergeConfig('{"a":1}', "[1]")).toEqual({ text: '{"a":1}', keys: [] });
    expect(mergeConfig(null, "5")).toEqual({ text: "{}", keys: [] });
  });
});

describe("parsed texts", () => {
  test("are parsed once while there is room, and what was used last stays", () => {
    const parsed = createParsedTexts(700);
    const first = parsed.get("a", "[1]");
    parsed.get("b", "[2]");
    parsed.get("c", "[3]");
    expect(parsed.get("a", "[1]")).toBe(first);
    parsed.get("d", "[4]");
    expect(parsed.get("a", "[1]")).toBe(first);
    const second = parsed.get("b", "[2]");
    expect(parsed.get("b", "[2]")).toBe(second);
  });

  test("are parsed again where another text stands under the same key", () => {
    const parsed = createParsedTexts(1_000);
    expect(parsed.get("a", "[1]")).toEqual([1]);
    expect(parsed.get("a", "[2]")).toEqual([2]);
    expect(parsed.get("a", "[2]")).toBe(parsed.get("a", "[2]"));
  });

  test("are frozen all the way down, and one that is too large is not kept", () => {
    const parsed = createParsedTexts(300);
    const value = parsed.get("a", '{"x":[{"y":1}]}') as { readonly x: readonly object[] };
    expect([value, value.x, value.x[0]].every(Object.isFrozen)).toBe(true);
    const text = JSON.stringify(["x".repeat(300)]);
    expect(parsed.get("b", text)).not.toBe(parsed.get("b", text));
  });
});

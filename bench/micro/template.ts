/** Templates: a string's pieces, and a config filled in with a parent's output that the thread has parsed before. */
import { do_not_optimize as used } from "mitata";
import { createParsedTexts } from "../../src/node/parsed-texts.ts";
import { piecesOf } from "../../src/workflow/template/parse.ts";
import { resolveConfig, type Scope } from "../../src/workflow/template/resolve.ts";
import { type Micro, nsOf } from "./timing.ts";

const PROMPT = "Summarise {{ fetch.output.body.title }} for {{ params.reader }}, in {{ params.words }} words.";
const CHARACTERS_MAX = 32 * 2 ** 20;

export function templateParse(): Micro {
  return { ns: () => nsOf(() => used(piecesOf(PROMPT))) };
}

export function templateResolve(): Micro {
  const parsed = createParsedTexts(CHARACTERS_MAX);
  const execution = { executionId: "0193", executionName: "a workflow" };
  const output = JSON.stringify({ body: { title: "A title", text: "x".repeat(1_000) }, status: 200 });
  const scope: Scope = {
    nodeId: "summary",
    attempt: 1,
    handler: "llm",
    config: JSON.stringify({ prompt: PROMPT, source: "{{ fetch.output.status }}" }),
    fromTrigger: [],
    scope: [{ id: "fetch", status: "COMPLETED", attempt: 1, error: null, output }],
    params: JSON.stringify({ reader: "a child", words: 20 }),
    runtime: null,
  };
  const act = (): void => {
    const resolved = resolveConfig(scope, execution, parsed, CHARACTERS_MAX);
    if (!resolved.ok) throw new Error(resolved.failure.message);
    used(resolved.config);
  };
  return { ns: () => nsOf(act) };
}

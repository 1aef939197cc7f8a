/** The handler that asks a language model. It is a mock unless there is a server (APP_LLM_BASE_URL). */
import * as v from "valibot";
import { isObject, jsonText, parseJson } from "../../workflow/json/json.ts";
import { defineHandler, type Handler, type HandlerContext, HandlerError } from "../handler.ts";
import { readBody, statusError } from "../http-client/http-answer.ts";
import { afterLatency, type Surroundings } from "./mock-service.ts";
import type { HandlerSettings } from "../settings.ts";

const NAMES = { name: "llm", aliases: ["llm_generate", "call_llm_service", "llm_service"] } as const;
const MOCK_MODEL = "mock";
/** The approximate length of what models count by. */
const CHARACTERS_PER_TOKEN = 4;

/** An answer. `response`, `text` and `result` are the same: each older system had its own name. */
type Answer = {
  readonly response: string;
  readonly text: string;
  readonly result: string;
  readonly model: string;
  readonly tokens_used: number;
};

export function llmMock(settings: HandlerSettings, surroundings: Surroundings): Handler {
  return defineHandler({
    ...NAMES,
    run(config, context) {
      const prompt = textOf(config.prompt ?? "");
      const text = `Mock answer to: ${prompt}`;
      const model = typeof config.model === "string" ? config.model : MOCK_MODEL;
      const tokens = Math.ceil((prompt.length + text.length) / CHARACTERS_PER_TOKEN);
      return afterLatency(() => answer(text, model, tokens), context, settings, surroundings);
    },
  });
}

const liveConfig = v.object({
  prompt: v.unknown(),
  system: v.optional(v.string()),
  model: v.optional(v.string()),
  temperature: v.optional(v.number()),
  max_tokens: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});
type LiveConfig = v.InferOutput<typeof liveConfig>;

/** The handler for an OpenAI-compatible server. The operator chose `server`, so it may be at any address. */
export function llmLive(settings: HandlerSettings, server: NonNullable<HandlerSettings["llm"]>, surroundings: Surroundings): Handler {
  const asked: Asked = { server, settings, surroundings };
  return defineHandler({ ...NAMES, config: liveConfig, run: (config, context) => ask(config, context, asked) });
}

/** The server that is asked, and the limits for its answer. */
type Asked = {
  readonly server: NonNullable<HandlerSettings["llm"]>;
  readonly settings: HandlerSettings;
  readonly surroundings: Surroundings;
};

async function ask(config: LiveConfig, { signal, idempotencyKey }: HandlerContext, asked: Asked): Promise<Answer> {
  const { prompt, system, temperature, max_tokens } = config;
  const { server, settings, surroundings } = asked;
  const model = config.model || server.model;
  const messages = [
    ...(system === undefined ? [] : [{ role: "system", content: system }]),
    { role: "user", content: textOf(prompt ?? "") },
  ];
  const response = await fetch(`${server.baseUrl.replace(/\/+$/, "")}/chat/completions`, {
    method: "POST",
    signal,
    headers: {
      "Content-Type": "application/json",
      "Idempotency-Key": idempotencyKey,
      ...(server.apiKey === null ? {} : { Authorization: `Bearer ${server.apiKey}` }),
    },
    body: JSON.stringify({ model, messages, temperature, max_tokens }),
  });
  const body = await readBody(response, settings.outputBytes);
  if (!response.ok) throw statusError(response, "The LLM server", body, surroundings.clock);
  return readAnswer(body, settings.nesting, model);
}

/** The needed parts of a chat completion. Throws with a clear sentence if it is none. `asked`: the model. */
function readAnswer(body: string, nesting: number, asked: string): Answer {
  const parsed = parseJson(body, nesting);
  const completion = v.safeParse(completionSchema, parsed.ok ? parsed.value : null);
  const content = completion.success ? completion.output.choices[0]?.message.content : undefined;
  if (!completion.success || content === undefined) {
    const shown = body.slice(0, BODY_SHOWN);
    throw new HandlerError("llm_bad_answer", {
      message: `The LLM server's answer is not a chat completion with text in choices[0].message.content: ${shown}`,
    });
  }
  const { model, usage } = completion.output;
  return answer(content, model ?? asked, usage?.total_tokens ?? Math.ceil(content.length / CHARACTERS_PER_TOKEN));
}

const BODY_SHOWN = 300;

const completionSchema = v.object({
  model: v.nullish(v.string()),
  choices: v.pipe(v.array(v.object({ message: v.object({ content: v.string() }) })), v.minLength(1)),
  usage: v.nullish(v.object({ total_tokens: v.nullish(v.number()) })),
});

function answer(text: string, model: string, tokens: number): Answer {
  return { response: text, text, result: text, model, tokens_used: tokens };
}

/** A prompt as text. One that a template made from data is shown as JSON. */
function textOf(prompt: unknown): string {
  if (typeof prompt === "string") return prompt;
  return isObject(prompt) || Array.isArray(prompt) ? jsonText(prompt) : String(prompt);
}

/** A real OpenAI-compatible server, well and unwell. */
import { afterAll, describe, expect, test } from "bun:test";
import { attemptOf, benchOf, contextOf, failureOf, outputOf } from "../attempts.ts";

type Asked = { readonly path: string; readonly headers: Headers; readonly body: unknown };
const asked: Asked[] = [];
const held = Promise.withResolvers<void>();
const completion = {
  model: "m-1",
  choices: [{ message: { role: "assistant", content: "Hello." } }],
  usage: { total_tokens: 42 },
};

/** The prompt says how the server is to answer. */
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 0,
  async fetch(request) {
    const body = (await request.json()) as { readonly messages: readonly { readonly content: string }[] };
    asked.push({ path: new URL(request.url).pathname, headers: request.headers, body });
    switch (body.messages.at(-1)?.content) {
      case "busy":
        return new Response('{"error":"slow down"}', { status: 429, headers: { "Retry-After": "3" } });
      case "busy until a date":
        return new Response("", { status: 429, headers: { "Retry-After": new Date(1_060_000).toUTCString() } });
      case "busy until nonsense":
        return new Response("", { status: 429, headers: { "Retry-After": "soon" } });
      case "broken":
        return new Response("oh no", { status: 500 });
      case "forbidden":
        return new Response('{"error":"bad key"}', { status: 401 });
      case "html":
        return new Response("<html>proxy</html>");
      case "no choices":
        return Response.json({ choices: [] });
      case "no text":
        return Response.json({ choices: [{ message: { content: null, tool_calls: [] } }] });
      case "short":
        return Response.json({ choices: completion.choices });
      case "slow body":
        return new Response(
          new ReadableStream({
            async pull(controller) {
              controller.enqueue(new TextEncoder().encode('{"choices":'));
              await held.promise;
              controller.close();
            },
          }),
        );
      case "huge":
        return new Response("x".repeat(20_000));
      default:
        return Response.json(completion);
    }
  },
});
afterAll(async () => {
  held.resolve();
  await server.stop(true);
});

const { run } = await benchOf({ llm: { baseUrl: `http://127.0.0.1:${server.port}/v1/`, apiKey: "key", model: "usual" } });
const ask = (prompt: unknown, config: Record<string, unknown> = {}) => run(attemptOf("llm", { prompt, ...config }));

describe("an answer", () => {
  test("is given under all the older systems' words", async () => {
    expect(await outputOf(ask("hi"))).toEqual({ response: "Hello.", text: "Hello.", result: "Hello.", model: "m-1", tokens_used: 42 });
    const last = asked.at(-1);
    expect(last?.path).toBe("/v1/chat/completions");
    expect(last?.body).toEqual({ model: "usual", messages: [{ role: "user", content: "hi" }] });
    expect(last?.headers.get("authorization")).toBe("Bearer key");
    expect(last?.headers.get("idempotency-key")).toBe("e1/me");
  });

  test("comes to what the config asks for", async () => {
    await outputOf(ask({ q: 1 }, { system: "Be brief.", model: "other", temperature: 0, max_tokens: 5 }));
    expect(asked.at(-1)?.body).toEqual({
      model: "other",
      temperature: 0,
      max_tokens: 5,
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: '{"q":1}' },
      ],
    });
  });

  test("without model and usage is filled up with what is known", async () => {
    expect(await outputOf(ask("short"))).toMatchObject({ model: "usual", tokens_used: 2 });
  });

  test("needs no key where the server wants none", async () => {
    const bench = await benchOf({ llm: { baseUrl: `http://127.0.0.1:${server.port}`, apiKey: null, model: "m" } });
    await outputOf(bench.run(attemptOf("llm_generate", { prompt: "hi" })));
    expect(asked.at(-1)?.headers.get("authorization")).toBeNull();
    expect(asked.at(-1)?.path).toBe("/chat/completions");
  });
});

describe("trouble", () => {
  test("429 is tried again, not before Retry-After says", async () => {
    expect(await failureOf(ask("busy"))).toEqual({
      kind: "handler",
      code: "http_429",
      message: 'The LLM server answered 429: {"error":"slow down"}',
      retryable: true,
      retryAfterMs: 3_000,
    });
    // The simulated clock stands at 1,000,000 ms.
    expect((await failureOf(ask("busy until a date"))).retryAfterMs).toBe(60_000);
    expect((await failureOf(ask("busy until nonsense"))).retryAfterMs).toBeUndefined();
  });

  test("500 is tried again, 401 is not", async () => {
    expect(await failureOf(ask("broken"))).toMatchObject({ code: "http_500", retryable: true });
    expect(await failureOf(ask("forbidden"))).toMatchObject({ code: "http_401", retryable: false });
  });

  test.each(["html", "no choices", "no text"])("a wrong answer (%s) is a clear failure", async (prompt) => {
    const failure = await failureOf(ask(prompt));
    expect(failure.code).toBe("llm_bad_answer");
    expect(failure.message).toStartWith("The LLM server's answer is not a chat completion with text in choices[0].message.content: ");
  });

  test("a body that never ends ends with the attempt", async () => {
    const context = contextOf();
    const outcome = run(attemptOf("llm", { prompt: "slow body" }), context);
    context.abort(new Error("timed out"));
    expect((await failureOf(outcome)).message).toContain("timed out");
  });

  test("an answer above the limit is refused", async () => {
    expect((await failureOf(ask("huge"))).code).toBe("answer_too_large");
  });

  test("a config of the wrong types is refused before anything is asked", async () => {
    const before = asked.length;
    const failure = await failureOf(ask("hi", { temperature: "hot", max_tokens: 0 }));
    expect(failure.kind).toBe("bad_config");
    expect(failure.message).toContain("config.temperature");
    expect(failure.message).toContain("config.max_tokens");
    expect(asked.length).toBe(before);
  });
});

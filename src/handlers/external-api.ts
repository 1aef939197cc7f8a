/** Calls another service over HTTP; made up by default, since the published examples call servers that do not exist. */
import * as v from "valibot";
import { isObject, type JsonObject, jsonText, parseJson } from "../workflow/json.ts";
import { type Guard, guardedFetch } from "./guarded-fetch.ts";
import { defineHandler, type Handler, type HandlerContext, HandlerError } from "./handler.ts";
import { readBody, statusError } from "./http-answer.ts";
import { JsonText } from "./json-text.ts";
import { afterLatency, type Surroundings, timestamp } from "./mock-service.ts";
import type { HandlerSettings } from "./settings.ts";

const NAMES = { name: "call_external_service", aliases: ["external_api"] } as const;
const MOCK_URL = "http://example.com/mock";

/** Answers `{ status, data, url, timestamp }`; `url` is what the config said, whatever its type. */
export function externalApiMock(settings: HandlerSettings, surroundings: Surroundings): Handler {
  return defineHandler({
    ...NAMES,
    run(config, context) {
      const url = config.url ?? MOCK_URL;
      const data = `Mock response from ${typeof url === "string" ? url : jsonText(url)}`;
      return afterLatency(() => ({ status: "ok", data, url, timestamp: timestamp(surroundings) }), context, settings, surroundings);
    },
  });
}

const liveConfig = v.looseObject({
  url: v.pipe(v.string(), v.minLength(1)),
  method: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z]{1,20}$/, "Expected the name of an HTTP method")), "GET"),
  headers: v.optional(
    v.custom<Record<string, string>>(
      (value) => isObject(value) && Object.values(value).every((each) => typeof each === "string"),
      "Expected an object of strings",
    ),
    {},
  ),
  /** Sent as it is where it is a string, else as JSON. */
  body: v.optional(v.unknown()),
  /** Sent as JSON. */
  json: v.optional(v.unknown()),
});

/** Answers `{ status, status_code, data, url, timestamp }`; `data` is the body, parsed where it is JSON. */
export function externalApiLive(settings: HandlerSettings, surroundings: Surroundings, guard: Guard): Handler {
  return defineHandler({
    ...NAMES,
    config: liveConfig,
    run: (config, context) => call(config, context, settings, surroundings, guard),
  });
}

async function call(
  config: v.InferOutput<typeof liveConfig>,
  { signal }: HandlerContext,
  { outputBytes, nesting }: HandlerSettings,
  surroundings: Surroundings,
  guard: Guard,
): Promise<JsonText> {
  const { url } = config;
  const method = config.method.toUpperCase();
  const { body, headers } = bodyOf(config);
  if (body !== null && (method === "GET" || method === "HEAD")) {
    throw new HandlerError("body_with_get", { message: `A ${method} request has no body: set \`method\` to POST, say.`, retryable: false });
  }
  const response = await guardedFetch({ url, method, headers: { ...headers, ...config.headers }, body, signal }, guard);
  const text = await readBody(response, outputBytes);
  if (response.status >= 400) throw statusError(response, `${method} ${url}`, text, surroundings.clock);
  // A body that is JSON goes on as it came: its numbers keep their digits, its keys their order.
  const data = parseJson(text, nesting - 1).ok ? text : JSON.stringify(text);
  const rest = `"url":${JSON.stringify(url)},"timestamp":${JSON.stringify(timestamp(surroundings))}`;
  return new JsonText(`{"status":"ok","status_code":${response.status},"data":${data},${rest}}`);
}

function bodyOf({ body, json }: JsonObject): { readonly body: string | null; readonly headers: Readonly<Record<string, string>> } {
  if (json === undefined && typeof body === "string") return { body, headers: {} };
  const value = json ?? body;
  if (value === undefined || value === null) return { body: null, headers: {} };
  return { body: jsonText(value), headers: { "Content-Type": "application/json" } };
}

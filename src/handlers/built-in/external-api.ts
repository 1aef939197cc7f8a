/**
 * The handler that calls another service over HTTP. It is a mock by default, because the published examples call servers
 * that do not exist.
 */
import * as v from "valibot";
import { type JsonObject, jsonText, parseJson } from "../../workflow/json/json.ts";
import { headerName, headerValue, inAnyCase } from "../http-client/call-headers.ts";
import { type Guard, guardedFetch, shownUrl } from "../http-client/guarded-fetch.ts";
import { defineHandler, type Handler, type HandlerContext, HandlerError } from "../handler.ts";
import { readBody, statusError } from "../http-client/http-answer.ts";
import { RawJson } from "../raw-json.ts";
import { afterLatency, type Surroundings, timestamp } from "./mock-service.ts";
import type { HandlerSettings } from "../settings.ts";

const NAMES = { name: "call_external_service", aliases: ["external_api"] } as const;
const MOCK_URL = "http://example.com/mock";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/** Methods that may be repeated without effect (RFC 9110, section 9.2.1). */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** A method, in any case. It is spelled out because a shape has no flags. */
const method = v.pipe(
  v.string(),
  v.regex(new RegExp(`^(?:${METHODS.map(inAnyCase).join("|")})$`), `Expected one of ${METHODS.join(", ")}`),
);

const mockConfig = v.looseObject({ method: v.nullish(method) });

/** The mock. It returns `{ status, data, url, timestamp }`; `url` is what the config said, whatever its type. */
export function externalApiMock(settings: HandlerSettings, surroundings: Surroundings): Handler {
  return defineHandler({
    ...NAMES,
    config: mockConfig,
    run(config, context) {
      const url = config.url ?? MOCK_URL;
      const data = `Mock response from ${typeof url === "string" ? url : jsonText(url)}`;
      return afterLatency(() => ({ status: "ok", data, url, timestamp: timestamp(surroundings) }), context, settings, surroundings);
    },
  });
}

const liveConfig = v.object({
  url: v.pipe(v.string(), v.minLength(1)),
  method: v.nullish(method, "GET"),
  headers: v.optional(v.record(headerName, headerValue), {}),
  /** Sent unchanged if it is a string, else as JSON. */
  body: v.optional(v.unknown()),
  /** Sent as JSON. */
  json: v.optional(v.unknown()),
});

/** The live handler. It returns `{ status, status_code, data, url, timestamp }`; `data` is the body, parsed if it is JSON. */
export function externalApiLive(settings: HandlerSettings, surroundings: Surroundings, guard: Guard): Handler {
  const outside: Outside = { settings, surroundings, guard };
  return defineHandler({ ...NAMES, config: liveConfig, run: (config, context) => call(config, context, outside) });
}

/** The surroundings of a call, and the limits for its answer. */
type Outside = { readonly settings: HandlerSettings; readonly surroundings: Surroundings; readonly guard: Guard };

async function call(config: v.InferOutput<typeof liveConfig>, context: HandlerContext, outside: Outside): Promise<RawJson> {
  const { signal, idempotencyKey } = context;
  const { settings, surroundings, guard } = outside;
  const { url } = config;
  const method = config.method.toUpperCase();
  const { body, headers } = bodyOf(config);
  if (!SAFE_METHODS.has(method)) headers["Idempotency-Key"] = idempotencyKey;
  if (body !== null && (method === "GET" || method === "HEAD")) {
    throw new HandlerError("body_with_get", {
      message: `A ${method} request has no body: set \`method\`, to POST for example.`,
      retryable: false,
    });
  }
  const response = await guardedFetch({ url, method, headers: withOwn(headers, config.headers), body, signal }, guard);
  const text = await readBody(response, settings.outputBytes);
  if (response.status >= 400) throw statusError(response, `${method} ${shownUrl(url)}`, text, surroundings.clock);
  // A body that is JSON is passed on unchanged: its numbers keep their digits, its keys their order.
  const data = parseJson(text, settings.nesting - 1).ok ? text : JSON.stringify(text);
  const rest = `"url":${JSON.stringify(url)},"timestamp":${JSON.stringify(timestamp(surroundings))}`;
  return new RawJson(`{"status":"ok","status_code":${response.status},"data":${data},${rest}}`);
}

type CallHeaders = Record<string, string>;

/** The headers of a call. The config's own, in whatever case, replace ours. */
function withOwn(ours: CallHeaders, own: Readonly<CallHeaders>): CallHeaders {
  const said = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  return { ...Object.fromEntries(Object.entries(ours).filter(([name]) => !said.has(name.toLowerCase()))), ...own };
}

function bodyOf({ body, json }: JsonObject): { readonly body: string | null; readonly headers: CallHeaders } {
  if (json === undefined && typeof body === "string") return { body, headers: {} };
  const value = json ?? body;
  if (value === undefined || value === null) return { body: null, headers: {} };
  return { body: jsonText(value), headers: { "Content-Type": "application/json" } };
}

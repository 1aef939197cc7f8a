/** The app behind a port: waits that outlast the idle limit, a sentence if the port is taken, and an end in bounded time. */
import type { Clock } from "../env/clock.ts";
import { within } from "../env/deadline.ts";
import type { Handles } from "../env/process/handles.ts";
import { CAREFUL_HEADERS } from "./routing/answer-headers.ts";
import { type CallerRules, createCallerCheck } from "./access/callers.ts";
import { watchConnections } from "./connections.ts";
import { sharedWith } from "./access/cors.ts";
import type { HttpEnv } from "./routing/parts.ts";
import { type Problem, problemAnswer } from "./routing/problem.ts";
import type { Door } from "./shedding.ts";

export type Serving = {
  /** The address at which a client on this machine reaches it, such as http://127.0.0.1:8000. */
  readonly url: string;
  readonly port: number;
  /** Passes requests to the app from now on. Before that, each is answered with 503. */
  open(door: Door): void;
  /** Accepts no new connections. Resolves when all answers are sent, or cuts what is left after `graceMs`. */
  stop(graceMs: number): Promise<void>;
};
export type ServeOptions = {
  readonly host: string;
  readonly port: number;
  readonly callers: CallerRules;
  /** The connections that may be open at once; null: what the limit of file handles leaves. */
  readonly connections: number | null;
  readonly handles: Handles;
  readonly clock: Clock;
  readonly report: (sentence: string) => void;
};
/** The result. `reason`: a sentence that says what to do. */
export type ServeResult = { readonly ok: true; readonly serving: Serving } | { readonly ok: false; readonly reason: string };

/**
 * Opens the port; `port` 0 takes a free one. The port is taken before there is anything to answer: an instance that finds it taken has
 * touched nothing yet, and clients learn that a start takes long.
 */
export function serve(options: ServeOptions): ServeResult {
  const { host, port, callers, connections: max, handles, clock, report } = options;
  let door: Door | null = null;
  const answer = checked(callers, (request, bindings) => {
    if (door === null) return starting();
    const answered = door.fetch(request, bindings);
    return request.method === "HEAD" ? withUnknownLength(answered) : answered;
  });
  try {
    let server = listen(host, port, answer);
    const listening = server.port ?? port;
    /** Closed servers that have not sent all of their answers yet. */
    const closed = new Set<Server>();
    const unwatch = watchConnections({
      ...{ handles, max, clock, report },
      port: {
        close() {
          const closing = server;
          closed.add(closing);
          void closing.stop(false).then(() => closed.delete(closing));
        },
        cut() {
          for (const each of closed) if (each.pendingRequests > 0) return false;
          for (const each of closed) void each.stop(true);
          return true;
        },
        open() {
          try {
            server = listen(host, listening, answer);
            return true;
          } catch (error) {
            report(reasonOf(error, host, listening));
            return false;
          }
        },
      },
    });
    return {
      ok: true,
      serving: {
        url: `http://${reachable(host)}:${listening}`,
        port: listening,
        open(opened) {
          door = opened;
        },
        async stop(graceMs) {
          unwatch();
          await stopServers([server, ...closed], graceMs, clock);
        },
      },
    };
  } catch (error) {
    return { ok: false, reason: reasonOf(error, host, port) };
  }
}

type Server = Bun.Server<undefined>;
type Answerer = (request: Request, bindings: HttpEnv["Bindings"]) => Response | Promise<Response>;

function listen(hostname: string, port: number, answer: Answerer): Server {
  const bindings: HttpEnv["Bindings"] = { mayTake: (request, seconds) => server.timeout(request, seconds) };
  const server = Bun.serve({
    hostname,
    port,
    development: false,
    // Bun's default outside of development: a second server on the same port would get every other connection.
    reusePort: false,
    idleTimeout: IDLE_SECONDS,
    // The app has its own limit and answers with a problem document. The server's own limit would give an empty answer.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: (request) => answer(request, bindings),
    error: () => problemAnswer({ status: 500, detail: "Something went wrong inside Troupe." }),
  });
  return server;
}

/**
 * The silence after which a connection is closed, unless its request may take longer. It is well above the engine's own deadline for a
 * trigger, so that the engine answers.
 */
const IDLE_SECONDS = 30;

function starting(): Response {
  return refusal({ status: 503, detail: "Troupe is starting; send the request again soon.", headers: { "retry-after": "1" } });
}

function refusal(problem: Problem): Response {
  return problemAnswer({ ...problem, headers: { ...CAREFUL_HEADERS, ...problem.headers } });
}

/** An answer to HEAD without a length. It would say that the length is 0; a body that nobody reads says that there is one. */
async function withUnknownLength(given: Response | Promise<Response>): Promise<Response> {
  const answer = await given;
  const { status, headers } = answer;
  return headers.has("content-length") ? answer : new Response(new ReadableStream({ pull: () => undefined }), { status, headers });
}

/** Answers requests of callers who may call. The others are refused before anything looks at their request. */
function checked(callers: CallerRules, answer: Answerer): Answerer {
  const problemWith = createCallerCheck(callers);
  const answerTo: Answerer = (request, bindings) => {
    const problem = problemWith(request);
    return problem === null ? answer(withOrigin(request), bindings) : refusal(problem);
  };
  const origins: ReadonlySet<string> = new Set(callers.origins);
  if (origins.size === 0) return answerTo;
  return async (request, bindings) => sharedWith(origins, request, await answerTo(request, bindings));
}

/** The request with an origin. Without a usable Host its URL is its path alone, which no router reads. */
function withOrigin(request: Request): Request {
  if (!request.url.startsWith("/")) return request;
  return new Request(`http://localhost${request.url}`, { method: request.method, headers: request.headers });
}

async function stopServers(servers: readonly Server[], graceMs: number, clock: Clock): Promise<void> {
  const stop = async (isAtOnce: boolean): Promise<void> => void (await Promise.all(servers.map((server) => server.stop(isAtOnce))));
  await within(clock, graceMs, stop(false), () => stop(true));
}

function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

function reasonOf(error: unknown, host: string, port: number): string {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} on ${host} is taken by another program. Stop that one, or choose another port, as in PORT=${port + 1}.`;
    case "EACCES":
      return `Port ${port} may not be opened by this user. Choose one from 1024 on, as in PORT=8000.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `HOST=${host} is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for all addresses.`;
    default:
      return `The server could not listen on ${host}:${port}: ${message}`;
  }
}

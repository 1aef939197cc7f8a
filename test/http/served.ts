/** All of Troupe in this process behind `app.request()`: memory store, inline pool, the real handlers without their latency. */
import { createNodeActor } from "../../src/node/node.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { systemClock } from "../../src/env/clock.ts";
import { systemIds } from "../../src/env/ids.ts";
import { systemRandom } from "../../src/env/random.ts";
import { systemTurns } from "../../src/env/turns.ts";
import { bundleHandlers } from "../../src/handlers/loading/bundle.ts";
import { loadRegistry } from "../../src/handlers/registry.ts";
import type { HandlerSettings } from "../../src/handlers/settings.ts";
import { createApp } from "../../src/http/app.ts";
import type { App, HttpOptions } from "../../src/http/routing/parts.ts";
import { createInlinePool } from "../../src/pool/inline-pool.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { type LogEntry, recordingLog } from "../env/log/recording-log.ts";
import { startEngine } from "../../src/engine/start.ts";

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body's members; none where it is no JSON object. Of use only where a plain parse keeps what is asked for. */
  readonly json: Readonly<Record<string, unknown>>;
};

export type Served = {
  readonly app: App;
  readonly engine: Engine;
  /** What the app was made of, for an app of other routes. */
  readonly options: HttpOptions;
  readonly logged: readonly LogEntry[];
  /** A body that is no string is sent as JSON. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Creates a workflow of these nodes; answers its id. */
  create(nodes: readonly object[], more?: object): Promise<string>;
  /** Triggers it and waits for its end. */
  run(id: string, params?: unknown): Promise<Answer>;
};

export type ServedOptions = {
  readonly bodyBytes?: number;
  readonly degraded?: boolean;
  readonly maxRunningExecutions?: number;
  /** Something between the engine and the store. */
  readonly store?: Store;
};

export async function serveApp({
  bodyBytes = 1024 * 1024,
  degraded = false,
  maxRunningExecutions,
  store = openMemoryStore(),
}: ServedOptions = {}): Promise<Served> {
  const { log, entries } = recordingLog();
  const limits = { outputBytes: 32 * 1024 * 1024, nesting: 128 };
  const settings: HandlerSettings = {
    mockLatencyMs: { min: 0, max: 0 },
    externalServices: "mock",
    httpAllowPrivate: false,
    llm: null,
    ...limits,
  };
  const loaded = await loadRegistry(settings, await bundleHandlers(`${import.meta.dir}/fixtures`));
  if (!loaded.ok) throw new Error(`The handlers cannot be loaded: ${loaded.faults.join(" ")}`);
  const { registry } = loaded;
  const seams = { clock: systemClock, turns: systemTurns };
  const pool = createInlinePool({
    ...seams,
    run: createNodeActor(registry, { ...limits, log, failures: log }),
    handlers: registry.infos,
    slots: 5_000,
    abortGraceMs: 100,
    report: (sentence) => log.warn(sentence),
  });
  const engine = await startEngine({
    ...seams,
    store,
    storeKind: "memory",
    pool,
    random: systemRandom,
    ids: systemIds,
    log,
    definitions: {
      limits: { nodes: 100_000, edges: 1_000_000, nesting: limits.nesting },
      defaults: { retry: { maxAttempts: 1, initialIntervalMs: 1 }, timeoutMs: 60_000 },
    },
    retention: { finishedMs: 3_600_000, untriggeredMs: 3_600_000 },
    maxRunningExecutions: maxRunningExecutions ?? null,
    mailboxLimit: 10_000,
    waitersLimit: 100,
    degraded,
    cluster: null,
  });
  const options: HttpOptions = {
    engine,
    limits: { bodyBytes, nesting: limits.nesting, bodiesBytes: 256 * 1024 * 1024, answersAtOnce: 8 },
    log,
    ids: systemIds,
    turns: systemTurns,
    clock: systemClock,
    collect: () => Promise.resolve(),
    version: "0.0.0-test",
    instanceName: "test",
  };
  const app = createApp(options);
  const send: Served["send"] = async (method, path, body, headers = {}) => {
    const text = body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body);
    return answerOf(await app.request(path, { method, headers: { ...(text === null ? {} : JSON_TYPE), ...headers }, body: text }));
  };
  return {
    app,
    engine,
    options,
    logged: entries,
    send,
    async create(nodes, more = {}) {
      const created = await send("POST", "/workflows", { name: "test", dag: { nodes }, ...more });
      if (created.status !== 201) throw new Error(`The test's workflow is refused: ${created.text}`);
      return String(created.json.execution_id);
    },
    run: (id, params) => send("POST", `/workflows/${id}/trigger?wait=30s`, params),
  };
}

const JSON_TYPE = { "content-type": "application/json" };

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true && text !== "";
  return { status: response.status, headers: response.headers, text, json: (isJson ? JSON.parse(text) : {}) as Answer["json"] };
}

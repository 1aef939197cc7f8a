/** GET /health: the state of the instance. GET /ready: whether to send it work. */
import * as v from "valibot";
import type { EngineHealth } from "../../engine/engine.ts";
import { count, named } from "../openapi/shapes.ts";
import { jsonAnswer } from "../answer/json-text.ts";
import type { RouteDescription } from "../routing/description.ts";
import type { HttpParts } from "../routing/parts.ts";
import { problemAnswer, sentence } from "../routing/problem.ts";
import type { Routes } from "../routing/routes.ts";

export function healthRoutes(routes: Routes, { engine, version, instanceName }: HttpParts): void {
  routes.add({
    method: "GET",
    path: "/health",
    description: HEALTH,
    otherParameters: "ignored",
    answer() {
      const { state, degraded, store, executions, pool, cluster } = engine.health();
      const healthy = state === "running" && store.available;
      const health = {
        service: "troupe",
        status: state,
        healthy,
        version,
        instance: instanceName,
        degraded,
        store,
        executions,
        pool,
        cluster: cluster && { boot_id: cluster.bootId, lanes: cluster.lanes, events: cluster.events, outbox_bytes: cluster.outboxBytes },
      };
      return jsonAnswer(200, JSON.stringify(health));
    },
  });

  routes.add({
    method: "GET",
    path: "/ready",
    description: READY,
    otherParameters: "ignored",
    answer() {
      const obstacle = obstacleOf(engine.health());
      if (obstacle === null) return jsonAnswer(200, '{"ready":true}');
      return problemAnswer({ status: 503, detail: obstacle, headers: { "retry-after": "1" } });
    },
  });
}

function obstacleOf({ obstacle, degraded }: EngineHealth): string | null {
  if (obstacle !== null) return sentence(obstacle);
  return degraded ? "This instance runs without a service that its settings name; its log says which." : null;
}

const healthAnswer = named(
  "Health",
  v.object({
    service: v.literal("troupe"),
    status: v.picklist(["running", "stopping"]),
    healthy: v.boolean(),
    version: v.string(),
    instance: v.string(),
    degraded: v.boolean(),
    store: v.object({ kind: v.string(), available: v.boolean() }),
    executions: v.object({ active: count, running: count, waiting: count }),
    pool: v.object({ threads: count, begun: count, waiting: count }),
    cluster: v.nullable(
      v.object({
        boot_id: v.pipe(v.string(), v.description("New at each start")),
        lanes: v.pipe(count, v.description("Lanes of executions that this instance owns")),
        events: v.nullable(v.object({ available: v.boolean(), reason: v.optional(v.string()) })),
        outbox_bytes: v.pipe(count, v.description("Events that are not published yet, over all instances")),
      }),
    ),
  }),
);
const healthExample = {
  service: "troupe",
  status: "running",
  healthy: true,
  version: "0.1.0",
  instance: "instance-1",
  degraded: false,
  store: { kind: "sqlite", available: true },
  executions: { active: 0, running: 0, waiting: 0 },
  pool: { threads: 2, begun: 0, waiting: 0 },
  cluster: null,
};

const HEALTH: RouteDescription = {
  tag: "operations",
  summary: "State of this instance",
  description: "The status is 200 as long as the instance answers. `degraded` says that it runs without a service that its settings name.",
  answers: { 200: { schema: healthAnswer, examples: { alone: healthExample }, description: "The instance answers." } },
  problems: [],
};

const READY: RouteDescription = {
  tag: "operations",
  summary: "Whether to send work to this instance",
  answers: { 200: { schema: v.object({ ready: v.literal(true) }), examples: { ready: { ready: true } }, description: "Send it work." } },
  problems: ["notReady"],
};

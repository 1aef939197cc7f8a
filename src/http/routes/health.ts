/** GET /health: how it is. GET /ready: whether to send it work. */
import { EXAMPLES } from "../openapi/answer-examples.ts";
import type { EngineHealth } from "../../engine/engine.ts";
import { healthAnswer, readyAnswer } from "../openapi/answers.ts";
import { jsonAnswer } from "../answer/json-text.ts";
import type { HttpParts } from "../routing/parts.ts";
import { problemAnswer, sentence } from "../routing/problem.ts";
import type { Routes } from "../routing/routes.ts";

export function healthRoutes(routes: Routes, { engine, version, instanceName }: HttpParts): void {
  routes.add({
    method: "GET",
    path: "/health",
    description: {
      tag: "operations",
      summary: "How this instance is",
      description: "200 as long as it answers at all; `degraded` where it runs without a service that its settings name.",
      answers: { 200: { schema: healthAnswer, examples: { alone: EXAMPLES.health }, description: "It answers." } },
      problems: [],
    },
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
    description: {
      tag: "operations",
      summary: "Whether this instance should be sent work",
      answers: { 200: { schema: readyAnswer, examples: { ready: EXAMPLES.ready }, description: "It should." } },
      problems: ["notReady"],
    },
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

/** Fault 9: Redis comes back empty. It must be found out, and nothing may be said or written as if nothing had been. */
import { askRedis } from "../services/redis.ts";
import { until } from "../process/facts.ts";
import type { Order } from "./checker/evidence.ts";
import type { System } from "./system.ts";

export type Emptied = {
  /** Until every instance said by /ready that it is not ready. */
  readonly detectedMs: number;
  /** Sentences on what must not be. */
  readonly wrong: readonly string[];
};

/** Instances may look for so long before they know. */
const DETECTED_WITHIN_MS = 30_000;
/** Long enough for leases, sweeps and clients to have written what they should not. */
const WATCHED_MS = 5_000;

/** `orders`: executions that had ended before. `beginnings`: how many times handlers have begun so far. */
export async function emptyRedis(system: System, orders: readonly Order[], beginnings: () => number): Promise<Emptied> {
  const { redis, urls } = system;
  const wrong: string[] = [];
  const beganMs = performance.now();
  await redis.restart({ empty: true });
  await until(
    "all instances to be not ready",
    async () => (await Promise.all(urls.map((url) => statusOf(`${url}/ready`)))).every((status) => status === 503),
    DETECTED_WITHIN_MS,
  );
  const detectedMs = performance.now() - beganMs;
  const before = beginnings();
  const endMs = performance.now() + WATCHED_MS;
  for (let number = 0; performance.now() < endMs; number++) {
    const url = String(urls[number % urls.length]);
    const execution = orders[number % orders.length]?.execution ?? "";
    const created = await statusOf(`${url}/workflows`, JSON.stringify({ name: "after", dag: { nodes: [{ id: "a", handler: "told" }] } }));
    if (created !== 503) wrong.push(`a new execution was answered with ${created}`);
    const triggered = await statusOf(`${url}/workflows/${execution}/trigger`, "{}");
    if (triggered !== 503) wrong.push(`a trigger of what was there was answered with ${triggered}`);
    const read = await statusOf(`${url}/workflows/${execution}`);
    if (read !== 503 && read !== 200) wrong.push(`what was there was answered with ${read}`);
    const ready = await statusOf(`${url}/ready`);
    if (ready !== 503) wrong.push(`/ready was answered with ${ready}`);
  }
  if (beginnings() !== before) wrong.push(`handlers began ${beginnings() - before} times`);
  const keys = (await askRedis(redis.port, "KEYS", "*")) as readonly string[];
  if (keys.length > 0) wrong.push(`the empty Redis was written to: ${keys.slice(0, 10).join(", ")}`);
  return { detectedMs, wrong: [...new Set(wrong)] };
}

async function statusOf(url: string, body?: string): Promise<number | string> {
  const init = body === undefined ? {} : { method: "POST", body, headers: { "content-type": "application/json" } };
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) });
    await response.text();
    return response.status;
  } catch (error) {
    return String(error);
  }
}

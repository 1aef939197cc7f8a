/** Several instances of the server on one Redis, and what each says of itself. */
import { expect } from "bun:test";
import { until } from "./facts.ts";
import { type Environment, type Home, type Run, type Server, startServer } from "./server.ts";

export type Health = {
  readonly healthy: boolean;
  readonly degraded: boolean;
  readonly store: { readonly kind: string; readonly available: boolean };
  readonly pool: { readonly begun: number };
  readonly cluster: {
    readonly lanes: number;
    readonly events: { readonly available: boolean; readonly reason?: string } | null;
    readonly outbox_bytes: number;
  } | null;
};

const LANES = 64;
/** By far the longest that any answer may take: an idle machine needs 2 s where Redis does not answer. */
const ANSWER_MS_MAX = 8_000;

/** Resolves when each has its share of the lanes and is ready. */
export async function startInstances(home: Home, count: number, environment: Environment): Promise<readonly Server[]> {
  const names = Array.from({ length: count }, (_, number) => `instance-${number + 1}`);
  const servers = await Promise.all(names.map((name) => startServer(home, { WORKER_ID: name, ...environment })));
  await allReady(servers);
  return servers;
}

/** Resolves when these instances have all lanes, evenly, and are ready. */
export async function allReady(servers: readonly Server[]): Promise<void> {
  await until(`${servers.length} ready instances with even shares of ${LANES} lanes`, async () => {
    const lanes = await Promise.all(servers.map(async (server) => (await healthOf(server)).cluster?.lanes ?? 0));
    const ready = await Promise.all(servers.map((server) => readinessOf(server)));
    const isEven = lanes.every((each) => each >= Math.floor(LANES / servers.length));
    return isEven && lanes.reduce((sum, each) => sum + each, 0) === LANES && ready.every((status) => status === 200);
  });
}

/** Also holds that it is answered with 200, as health is whatever happens. */
export async function healthOf({ url }: Server): Promise<Health> {
  const response = await fetch(`${url}/health`);
  expect(response.status).toBe(200);
  return (await response.json()) as Health;
}

export async function readinessOf({ url }: Server): Promise<number> {
  return (await fetch(`${url}/ready`)).status;
}

/** What a person sees at the start, with the server's address left out. */
export function greetingOf(run: Run): string {
  return run.stdout.find((line) => line.includes("is ready at")) ?? "";
}

export function warningsOf(run: Run): readonly string[] {
  return run.stderr.filter((line) => !line.includes('"level":"info"'));
}

/** That each of these is refused for now, as clients can read it, and none of them hangs. */
export async function expectAllRefused(requests: readonly (readonly [path: string, init: RequestInit])[], { url }: Server): Promise<void> {
  const answers = await Promise.all(
    requests.map(async ([path, init]) => {
      const response = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      const { detail } = (await response.json()) as { readonly detail?: string };
      const isSentence = /^[A-Z].*[.]$/.test(detail ?? "");
      const retryAfter = Number(response.headers.get("retry-after")) > 0;
      return { path, method: init.method ?? "GET", status: response.status, retryAfter, isSentence: isSentence || detail };
    }),
  );
  expect(answers).toEqual(
    requests.map(([path, { method = "GET" }]) => ({ path, method, status: 503, retryAfter: true, isSentence: true })),
  );
}

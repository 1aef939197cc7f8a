/** What REST says of executions: waits for their ends, and reads them twice, from different instances. */
import type { Order, Reading } from "./checker/evidence.ts";

const AT_ONCE = 8;
const PAUSE_MS = 50;
const ANSWER_MS = 10_000;

type Status = {
  readonly status: string;
  readonly finished_at: string | null;
  readonly nodes: Readonly<Record<string, { readonly state: string }>>;
  readonly failure: { readonly node: string; readonly kind: string } | null;
};

export type Readings = ReadonlyMap<string, readonly Reading[]>;

/** By execution: what was read when it was seen to have ended, or at the deadline; empty where it cannot be read. */
export async function readEnds(orders: readonly Order[], urls: readonly string[], deadlineMs: number): Promise<Readings> {
  const endMs = performance.now() + deadlineMs;
  const readings = new Map<string, readonly Reading[]>();
  await each(orders, async ({ execution, triggeredAtMs }, number) => {
    const url = String(urls[number % urls.length]);
    const reading = triggeredAtMs === null ? await read(url, execution, endMs) : await readEnd(url, execution, endMs);
    readings.set(execution, reading === null ? [] : [reading]);
  });
  return readings;
}

/** The same, and what another instance says now. */
export async function readAgain(orders: readonly Order[], urls: readonly string[], before: Readings): Promise<Readings> {
  const readings = new Map<string, readonly Reading[]>();
  await each(orders, async ({ execution }, number) => {
    const reading = await read(String(urls[(number + 1) % urls.length]), execution, performance.now() + ANSWER_MS);
    readings.set(execution, [...(before.get(execution) ?? []), ...(reading === null ? [] : [reading])]);
  });
  return readings;
}

async function readEnd(url: string, execution: string, endMs: number): Promise<Reading | null> {
  while (performance.now() < endMs) {
    const summary = await get<{ readonly status: string }>(`${url}/workflows/${execution}?view=summary`, endMs);
    if (summary !== null && isOver(summary.status)) break;
    await Bun.sleep(PAUSE_MS);
  }
  return read(url, execution, Math.max(endMs, performance.now() + ANSWER_MS));
}

/** Null where it is not there, or not told in time. */
async function read(url: string, execution: string, endMs: number): Promise<Reading | null> {
  const status = await get<Status>(`${url}/workflows/${execution}`, endMs);
  const results = await get<{ readonly results: Record<string, unknown> }>(`${url}/workflows/${execution}/results`, endMs);
  if (status === null || results === null) return null;
  return {
    status: status.status,
    finishedAtMs: status.finished_at === null ? null : Date.parse(status.finished_at),
    states: Object.fromEntries(Object.entries(status.nodes).map(([node, { state }]) => [node, state])),
    failedNode: status.failure?.node ?? null,
    failureKind: status.failure?.kind ?? null,
    results: results.results,
  };
}

/** Asked again where there is no answer, or 503; null for 404 and at the deadline. */
async function get<T>(url: string, endMs: number): Promise<T | null> {
  do {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
      if (response.status === 200) return (await response.json()) as T;
      await response.text();
      if (response.status === 404) return null;
    } catch {
      // Asked again below: the instance may be on its way up.
    }
    await Bun.sleep(PAUSE_MS);
  } while (performance.now() < endMs);
  return null;
}

async function each<T>(items: readonly T[], work: (item: T, number: number) => Promise<void>): Promise<void> {
  const line = items.entries();
  const next = async (): Promise<void> => {
    for (const [number, item] of line) await work(item, number);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}

function isOver(status: string): boolean {
  return status === "COMPLETED" || status === "FAILED" || status === "CANCELLED";
}

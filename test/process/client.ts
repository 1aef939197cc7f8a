/** A client of the running server, with the few calls that most tests make. An answer that is not expected is an error with its text. */
import { until } from "./facts.ts";

export type NodeSpec = {
  readonly id: string;
  readonly handler: string;
  readonly dependencies?: readonly string[];
  readonly config?: object;
  readonly retry?: object;
  readonly timeout?: string;
};

export type Status = {
  readonly execution_id: string;
  readonly status: string;
  readonly progress: { readonly total: number; readonly completed: number; readonly failed: number; readonly percentage: number };
  readonly nodes: Readonly<Record<string, NodeStatus>>;
  readonly error: string | null;
  readonly failure: { readonly node: string; readonly kind: string; readonly code: string; readonly message: string } | null;
  readonly finished_at: string | null;
};
export type NodeStatus = {
  readonly state: string;
  readonly output: unknown;
  readonly error: string | null;
  readonly reason?: string;
  readonly attempts: number;
  readonly finished_at: string | null;
};

/** Where a server is. */
export type At = { readonly url: string };

/** POST with a JSON body (a string is sent as it is). Rejects where no answer comes. */
export function post(at: At, path: string, body: unknown = {}, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(`${at.url}${path}`, { method: "POST", body: text, headers: { "content-type": "application/json", ...headers } });
}

/** The answer of a server that takes what is sent: told to come again (503 with Retry-After), a client does so. */
export async function whenTaken(send: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const answer = await send();
    const retryAfter = answer.headers.get("retry-after");
    if (answer.status !== 503 || retryAfter === null) return answer;
    await answer.body?.cancel();
    await Bun.sleep(1_000 * Number(retryAfter));
  }
}

/** The new execution's id. */
export async function create(at: At, name: string, nodes: readonly NodeSpec[]): Promise<string> {
  const { execution_id } = await expectJson<{ execution_id: string }>(
    await whenTaken(() => post(at, "/workflows", { name, dag: { nodes } })),
    201,
  );
  return execution_id;
}

export async function trigger(at: At, id: string, params: unknown = {}): Promise<void> {
  await expectJson(await post(at, `/workflows/${id}/trigger`, { params }), 200);
}

export async function start(at: At, name: string, nodes: readonly NodeSpec[]): Promise<string> {
  const id = await create(at, name, nodes);
  await trigger(at, id);
  return id;
}

export async function statusOf(at: At, id: string): Promise<Status> {
  return expectJson<Status>(await fetch(`${at.url}/workflows/${id}`), 200);
}

/** Without the maps of nodes. */
export async function summaryOf(at: At, id: string): Promise<Omit<Status, "nodes">> {
  return expectJson<Omit<Status, "nodes">>(await fetch(`${at.url}/workflows/${id}?view=summary`), 200);
}

/** The status at the execution's end. */
export async function endOf(at: At, id: string, deadlineMs?: number): Promise<Status> {
  await until(`the end of execution ${id}`, async () => isOver((await summaryOf(at, id)).status), deadlineMs);
  return statusOf(at, id);
}

export async function resultsOf(at: At, id: string): Promise<Readonly<Record<string, unknown>>> {
  return (await expectJson<{ results: Record<string, unknown> }>(await fetch(`${at.url}/workflows/${id}/results`), 200)).results;
}

/** The body, of an answer with this status. */
export async function expectJson<T>(response: Response, status: number): Promise<T> {
  const text = await response.text();
  if (response.status !== status) throw new Error(`Expected ${status} of ${response.url}, got ${response.status}: ${text.slice(0, 2_000)}`);
  return JSON.parse(text) as T;
}

function isOver(status: string): boolean {
  return status === "COMPLETED" || status === "FAILED" || status === "CANCELLED";
}

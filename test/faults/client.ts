/** One client of the load: makes an execution and triggers it, each step again until it is answered with a 2xx, and does again what is gone. */
import type { Loss } from "./checker/evidence.ts";

/** What all clients of a load count together. */
export type Tally = { refusals: number; silences: number; readonly complaints: string[] };

export type ClientOptions = {
  /** The first instance that it asks. */
  readonly first: number;
  readonly urls: readonly string[];
  /** Its Idempotency-Key. */
  readonly key: string;
  readonly body: string;
  readonly deadlineMs: number;
  /** What it was told may be gone: then a 404 is no complaint. */
  readonly mayLose: boolean;
  readonly tally: Tally;
};

export type Placed = { readonly execution: string; readonly created: Answer; readonly triggered: Answer | null };

export type Client = {
  /** What it was told, and found gone. */
  readonly losses: readonly Loss[];
  /** Null where it gave up. */
  place(): Promise<Placed | null>;
  /** Looks for what it was told; what is gone it does again, under the same key. */
  lookFor(placed: Placed): Promise<Placed | null>;
};

/** `sentMs`, `answeredMs`: of the request that was answered, which may not have been the first. */
type Answer = { readonly status: number; readonly body: unknown; readonly sentMs: number; readonly answeredMs: number };
/** Without a body it is a GET. */
type Asked = {
  readonly first: number;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly wanted: readonly number[];
  readonly giveUpMs: number;
};

const ANSWER_MS = 10_000;
const PAUSE_MS = 100;

export function newClient(options: ClientOptions): Client {
  const { first, key, body, deadlineMs, mayLose } = options;
  const losses: Loss[] = [];
  const note = (what: Loss["what"], { sentMs, answeredMs }: Answer) => losses.push({ what, sentMs, answeredMs });

  async function place(): Promise<Placed | null> {
    const giveUpMs = performance.now() + deadlineMs;
    for (;;) {
      const headers = { "idempotency-key": key };
      const created = await ask({ first, path: "/workflows", body, headers, wanted: [201], giveUpMs }, options);
      if (created === null) return null;
      const execution = String((created.body as { readonly execution_id?: unknown }).execution_id);
      const triggered = await trigger(execution, mayLose ? [200, 404] : [200], giveUpMs);
      if (triggered?.status !== 404) return { execution, created, triggered };
      note("execution", created);
    }
  }

  const trigger = (execution: string, wanted: readonly number[], giveUpMs: number): Promise<Answer | null> =>
    ask({ first: first + 1, path: `/workflows/${execution}/trigger`, body: "{}", wanted, giveUpMs }, options);

  return {
    losses,
    place,
    async lookFor(placed) {
      const { execution, created, triggered } = placed;
      const giveUpMs = performance.now() + deadlineMs;
      const seen = await ask({ first, path: `/workflows/${execution}?view=summary`, wanted: [200, 404], giveUpMs }, options);
      if (seen?.status === 404) {
        note("execution", created);
        return place();
      }
      if (triggered === null || (seen?.body as { readonly status?: unknown } | undefined)?.status !== "PENDING") return placed;
      note("trigger", triggered);
      return { ...placed, triggered: await trigger(execution, [200], giveUpMs) };
    },
  };
}

/** The answer; null where the client gave up. 202 and 503 mean: come again. */
async function ask(asked: Asked, { urls, deadlineMs, tally }: ClientOptions): Promise<Answer | null> {
  const { first, path, body, headers, wanted, giveUpMs } = asked;
  const method = body === undefined ? "GET" : "POST";
  for (let instance = first; performance.now() < giveUpMs; instance++) {
    const url = `${urls[instance % urls.length]}${path}`;
    const sentMs = Date.now();
    try {
      const response = await fetch(url, {
        method,
        ...(body === undefined ? {} : { body }),
        headers: { "content-type": "application/json", ...headers },
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const text = await response.text();
      const { status } = response;
      if (wanted.includes(status)) return { status, body: JSON.parse(text) as unknown, sentMs, answeredMs: Date.now() };
      if (status === 503 || status === 202) tally.refusals += 1;
      else tally.complaints.push(`${method} ${url} was answered with ${status}: ${text.slice(0, 300)}`);
    } catch (error) {
      // What was never sent is a mistake of this file.
      if (error instanceof TypeError && !("code" in error)) throw error;
      // Whether it was done nobody knows: the same is asked again, of another instance.
      tally.silences += 1;
    }
    await Bun.sleep(PAUSE_MS);
  }
  tally.complaints.push(`${method} ${path} was not answered with ${wanted.join(" or ")} within ${deadlineMs} ms`);
  return null;
}

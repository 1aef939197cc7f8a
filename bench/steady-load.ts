/**
 * An open loop: acts are due at a fixed rate, whether or not those before have ended, and their times count from when they were due.
 * A client that waits for an answer before it asks again would ask less the slower the server is, and see the better figures for it.
 */
import { type Client, openClient } from "./http-client.ts";
import type { Act } from "./steady-acts.ts";

export type SteadyLoad = {
  readonly times: readonly number[];
  /** Those that had ended when the last was due. */
  readonly doneInTime: number;
  readonly refused: number;
  readonly lastRefusal: string | null;
};

/** How often it is looked what is due: finer than what a server needs for an answer. */
const LOOK_MS = 1;
/** The server cuts connections that were quiet for 10 s. */
const FRESH_MS = 5_000;

export type SteadyOptions = {
  readonly rate: number;
  readonly forMs: number;
  readonly act: Act;
  /**
   * So many are opened before the first act is due, and no more: who finds none free waits for one, and its time runs. Without it
   * one is opened whenever none is free: thousands in a moment, where a server is behind, which the kernel makes wait by the second.
   */
  readonly connections?: number;
};

/** Resolves when all of them have ended. `act` rejects where it was refused. */
export async function steadily(url: string, { rate, forMs, act, connections: atMost }: SteadyOptions): Promise<SteadyLoad> {
  const count = Math.round((rate * forMs) / 1_000);
  const times: number[] = [];
  const connections = atMost === undefined ? connectionsTo(url) : await connectionsOpened(url, atMost);
  let doneInTime = 0;
  let refused = 0;
  let lastRefusal: string | null = null;

  async function one(dueAtMs: number): Promise<void> {
    try {
      await connections.use(act);
      const endedAtMs = performance.now();
      times.push(endedAtMs - dueAtMs);
      if (endedAtMs <= startedMs + forMs) doneInTime += 1;
    } catch (error) {
      refused += 1;
      lastRefusal = error instanceof Error ? error.message : String(error);
    }
  }

  const startedMs = performance.now();
  const acts: Promise<void>[] = [];
  while (acts.length < count) {
    const dueCount = Math.min(count, Math.floor(((performance.now() - startedMs) * rate) / 1_000));
    while (acts.length < dueCount) acts.push(one(startedMs + (acts.length * 1_000) / rate));
    await Bun.sleep(LOOK_MS);
  }
  await Promise.all(acts);
  connections.close();
  return { times, doneInTime, refused, lastRefusal };
}

type Connections = { use(act: Act): Promise<void>; close(): void };

type Kept = { readonly client: Client; readonly atMs: number };

/** As many as acts are under way, kept for the next. The one that was used last goes first, so that what is not needed any more grows old. */
function connectionsTo(url: string): Connections {
  const kept: Kept[] = [];

  function fresh(): Client | null {
    const last = kept.pop();
    if (last === undefined) return null;
    if (performance.now() - last.atMs < FRESH_MS) return last.client;
    for (const { client } of [last, ...kept.splice(0)]) client.close();
    return null;
  }

  return {
    async use(act: Act): Promise<void> {
      const client = fresh() ?? (await openClient(url));
      try {
        await act(client);
      } finally {
        kept.push({ client, atMs: performance.now() });
      }
    },
    close(): void {
      for (const { client } of kept.splice(0)) client.close();
    },
  };
}

/** Fewer than wait to be taken at a port. */
const OPENED_AT_ONCE = 128;

async function connectionsOpened(url: string, count: number): Promise<Connections> {
  const clients: Client[] = [];
  while (clients.length < count) {
    const more = Math.min(OPENED_AT_ONCE, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: more }, () => openClient(url)))));
  }
  const free = [...clients];
  let inLine: ((client: Client) => void)[] = [];
  let served = 0;

  function give(client: Client): void {
    const next = inLine[served];
    if (next === undefined) return void free.push(client);
    served += 1;
    if (served === inLine.length) {
      inLine = [];
      served = 0;
    }
    next(client);
  }

  return {
    async use(act) {
      const client = free.pop() ?? (await new Promise<Client>((resolve) => inLine.push(resolve)));
      try {
        await act(client);
      } finally {
        give(client);
      }
    },
    close() {
      for (const client of clients) client.close();
    },
  };
}

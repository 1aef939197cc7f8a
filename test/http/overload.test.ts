/**
 * More comes over HTTP than the store can do: some of it is refused at the door, and nothing else is harmed. The clients ask again when
 * they were answered, which is all of them at once: it is found out that a queue stands though nobody asks between two heaps.
 */
import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { type Client, openClient, requestText } from "../../bench/http-client.ts";
import { systemClock } from "../../src/env/clock.ts";
import { systemHandles } from "../../src/env/process/handles.ts";
import { systemIds } from "../../src/env/ids.ts";
import { serve } from "../../src/http/server.ts";
import { shedding } from "../../src/http/shedding.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { recordingLog } from "../env/log/recording-log.ts";
import { serveApp } from "./served.ts";

setDefaultTimeout(120_000);

const CLIENTS = 250;
/** After a refusal: the clients are in the same process. */
const AGAIN_MS = 20;
const REFUSALS = 100;
/** What takes half of the time that a create waits for the store. */
const BURST = 500;
const BURST_WRITE_MS = 1.5;
const NODES = [{ id: "a", handler: "noop" }, ...["b", "c"].map((id) => ({ id, handler: "noop", dependencies: ["a"] }))];
const DEFINITION = JSON.stringify({ name: "much", dag: { nodes: NODES } });

let closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  closing = [];
});

/** Takes `writeMs` for each execution of a create, and for each entry of a commit; one after the other. */
function slowly(store: Store, writeMs: number): Store {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Answer>(count: number, act: () => Promise<Answer>): Promise<Answer> => {
    const answer = last.then(() => Bun.sleep(writeMs * count)).then(act);
    last = answer.catch(() => undefined);
    return answer;
  };
  const [create, commit] = [store.create.bind(store), store.commit.bind(store)];
  return Object.assign(store, {
    create: (batch: Parameters<Store["create"]>[0]) => inTurn(batch.length, () => create(batch)),
    commit: (lane: number, whole: Parameters<Store["commit"]>[1]) => inTurn(whole.entries.length, () => commit(lane, whole)),
  });
}

async function served(writeMs: number) {
  const { app, engine } = await serveApp({ store: slowly(openMemoryStore(), writeMs) });
  const listening = serve({
    ...{ host: "127.0.0.1", port: 0, connections: null, callers: { hosts: [], origins: [], proxied: false } },
    ...{ clock: systemClock, handles: systemHandles, report: () => undefined },
  });
  if (!listening.ok) throw new Error(listening.reason);
  const { serving } = listening;
  const { log, entries } = recordingLog();
  serving.open(shedding(app, { engine, ids: systemIds, log }));
  closing.push(
    () => serving.stop(0),
    () => engine.stop(0),
  );
  return { url: serving.url, atTheDoor: entries };
}

test.each([
  ["/workflows?trigger=true", "COMPLETED", 1.5],
  ["/workflows", "PENDING", 2],
])("POST %s: what is refused is not stored, what is taken ends, and nobody else is refused", async (path, end, writeMs) => {
  const { url, atTheDoor } = await served(writeMs);
  const request = requestText("POST", path, DEFINITION);
  const taken: string[] = [];
  const others: string[] = [];
  let refused = 0;
  let refusal: Awaited<ReturnType<typeof refusalFrom>> | null = null;

  async function ask(client: Client): Promise<void> {
    await client.ask(request).then(
      (answer) => taken.push(answer),
      (error: Error) => {
        if (error.message.includes("waits too long")) refused += 1;
        else others.push(error.message);
        return Bun.sleep(AGAIN_MS);
      },
    );
  }
  const clients = await clientsOf(url, CLIENTS);
  const load = Promise.all(
    clients.map(async (client) => {
      while (refused < REFUSALS || refusal === null) await ask(client);
    }),
  );

  // While some of it is refused, whatever is nothing new is answered.
  while (refused === 0) await Bun.sleep(1);
  for (const asked of ["/health", "/ready", "/workflows?limit=1"]) expect((await fetch(url + asked)).status).toBe(200);
  refusal = await refusalFrom(url, path);
  await load;
  expect(refusal).toMatchObject({ retryAfter: "1", type: "application/problem+json" });
  expect(refusal.requestId).toBe("mine");
  expect(atTheDoor).toContainEqual(expect.objectContaining({ level: "debug", fields: { requestId: "mine", work: "create" } }));

  expect(others).toEqual([]);
  const stored = taken.length + refusal.takenMeanwhile;
  expect(taken.length).toBeGreaterThan(0);
  while ((await countAt(url, end)) < stored) await Bun.sleep(50);
  expect(await countAt(url)).toBe(stored);
});

test("a burst after idleness is taken whole", async () => {
  const { url } = await served(BURST_WRITE_MS);
  const clients = await clientsOf(url, BURST);
  const request = requestText("POST", "/workflows", DEFINITION);
  await Promise.all(clients.map((client) => client.ask(request)));
  expect(await countAt(url)).toBe(BURST);
});

async function clientsOf(url: string, count: number): Promise<readonly Client[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => openClient(url)));
  closing.push(async () => void clients.map((client) => client.close()));
  return clients;
}

/** Asks on until one is refused. */
async function refusalFrom(url: string, path: string) {
  const ids = { "content-type": "application/json", "x-request-id": "mine" };
  for (let takenMeanwhile = 0; ; takenMeanwhile += 1) {
    const { status, headers } = await fetch(url + path, { method: "POST", body: DEFINITION, headers: ids });
    if (status === 201) continue;
    const said = (name: string) => headers.get(name);
    return { takenMeanwhile, retryAfter: said("retry-after"), type: said("content-type"), requestId: said("x-request-id") };
  }
}

async function countAt(url: string, status?: string): Promise<number> {
  let count = 0;
  for (let next: string | null = null, first = true; first || next !== null; first = false) {
    const query = [...(status === undefined ? [] : [`status=${status}`]), ...(next === null ? [] : [`cursor=${next}`])];
    const page = await fetch(`${url}/workflows?${["limit=100", ...query].join("&")}`);
    const { workflows, next_cursor } = (await page.json()) as { workflows: readonly unknown[]; next_cursor: string | null };
    count += workflows.length;
    next = next_cursor;
  }
  return count;
}

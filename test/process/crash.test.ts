/** What `kill -9` at random moments may cost: time, and never anything that was answered with a 2xx. */
import { afterAll, expect, test } from "bun:test";
import { endOf, expectJson, type NodeSpec, post, type statusOf } from "./client.ts";
import { eventsOf, logsOf, resultsIn } from "./stored-log.ts";
import { endAll, lastLines, launch, newHome, readiness, type Server, startServer } from "./server.ts";
import { type Chance, chance, seedFromEnvironment } from "./chance.ts";

afterAll(endAll);

const ROUNDS = 10;
const CLIENTS = 4;
const TEST_TIMEOUT_MS = 120_000;

/** What one client wants, and how far it came. A step that was answered is never asked for again. */
type Order = { readonly key: string; readonly shape: Shape; id: string | null; triggered: boolean };
type Shape = (random: Chance) => { readonly path: "/workflows" | "/api/workflow"; readonly body: object };

test(
  "after kill -9 at random moments every accepted execution completes by itself, each node with one result of its own",
  async () => {
    const seed = seedFromEnvironment();
    process.stderr.write(`Seed of the kills: ${seed} (TEST_SEED=${seed} kills at the same moments again)\n`);
    const random = chance(seed);
    const home = newHome();
    const clients = Array.from({ length: CLIENTS }, (_, client) => new Client(`client ${client}`, chance(seed + client + 1)));
    const serverFor = { current: null as Server | null };
    const work = Promise.all(clients.map((client) => client.workWith(serverFor)));

    for (let round = 0; round < ROUNDS; round++) {
      const run = launch(home);
      // Now and then it does not even come to its feet.
      if (random.below(5) === 0) await Bun.sleep(random.below(250));
      else {
        serverFor.current = await readiness(run);
        await Bun.sleep(20 + random.below(500));
      }
      await run.end("SIGKILL");
      serverFor.current = null;
    }
    for (const client of clients) client.lastOrders = true;
    const server = await startServer(home);
    serverFor.current = server;
    await work;

    const orders = clients.flatMap((client) => client.orders);
    try {
      expect(orders.filter(({ id, triggered }) => id === null || !triggered)).toEqual([]);
      expect(await idsOn(server)).toEqual(orders.map(({ id }) => String(id)).sort());
      const ends = new Map<string, Awaited<ReturnType<typeof statusOf>>>();
      for (const { id } of orders) ends.set(String(id), await endOf(server, String(id)));
      expect([...ends.values()].filter(({ status }) => status !== "COMPLETED")).toEqual([]);
      expect((await server.end("SIGTERM")).exitCode).toBe(0);

      const logs = await logsOf(home, [...ends.keys()]);
      const keys = new Set<string>();
      for (const [id, log] of logs) {
        const nodes = Object.keys(ends.get(id)?.nodes ?? {});
        const results = resultsIn(log);
        expect([id, results.map(({ node }) => node).sort()]).toEqual([id, nodes.toSorted()]);
        for (const { node, attempt, output } of results) {
          expect(output).toMatchObject({ execution: id, node, attempt });
          expect(ends.get(id)?.nodes[node]).toMatchObject({ state: "COMPLETED", output });
          keys.add(`${(output as { key: string }).key} ${attempt}`);
        }
        expect(eventsOf(log, "triggered").length).toBe(1);
        expect(eventsOf(log, "finished").length).toBe(1);
      }

      const witnessed = home.witnessed();
      expect(twice(witnessed)).toEqual([]);
      expect(fallen(witnessed)).toEqual([]);
      expect([...keys.difference(new Set(witnessed))]).toEqual([]);
      process.stderr.write(`${orders.length} executions, ${keys.size} results of ${witnessed.length} attempts, ${ROUNDS} kills\n`);
    } catch (error) {
      throw new Error(`With TEST_SEED=${seed}: ${(error as Error).message}\nThe last server said:\n${lastLines(server)}`, { cause: error });
    }
  },
  TEST_TIMEOUT_MS,
);

/** Sends one order after the other, and after a crash goes on with the step that was not answered. */
class Client {
  readonly orders: Order[] = [];
  /** Finish what was begun, and begin nothing more. */
  lastOrders = false;
  readonly #name: string;
  readonly #random: Chance;

  constructor(name: string, random: Chance) {
    this.#name = name;
    this.#random = random;
  }

  async workWith(servers: { readonly current: Server | null }): Promise<void> {
    while (!this.lastOrders) {
      const order: Order = {
        key: `${this.#name}, order ${this.orders.length}`,
        shape: this.#random.oneOf(SHAPES),
        id: null,
        triggered: false,
      };
      this.orders.push(order);
      const request = order.shape(this.#random);
      while (!order.triggered) {
        const server = servers.current;
        if (server === null) await Bun.sleep(5);
        else await advance(order, request, server).catch(connectionLost);
      }
      await Bun.sleep(this.#random.below(40));
    }
  }
}

/** One request. Rejects with fetch's own error where the server went away. */
async function advance(order: Order, { path, body }: ReturnType<Shape>, server: Server): Promise<void> {
  if (order.id !== null) {
    await expectJson(await post(server, `/workflows/${order.id}/trigger`), 200);
    order.triggered = true;
  } else if (path === "/workflows") {
    const answer = await expectJson<{ execution_id: string }>(await post(server, path, body, { "idempotency-key": order.key }), 201);
    order.id = answer.execution_id;
  } else {
    const answer = await expectJson<{ workflow_id: string }>(await post(server, path, body, { "idempotency-key": order.key }), 202);
    order.id = answer.workflow_id;
    order.triggered = true;
  }
}

const LOST_CODES: ReadonlySet<unknown> = new Set(["ECONNRESET", "ECONNREFUSED", "ConnectionRefused", "ConnectionClosed", "UNKNOWN"]);

/** Whether the step was done nobody knows; it is asked for again. */
function connectionLost(error: unknown): void {
  if (!LOST_CODES.has((error as { readonly code?: unknown }).code)) throw error;
}

/** All executions that the server lists, by id. */
async function idsOn(server: Server): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: string = cursor === "" ? "?limit=1000" : `?limit=1000&cursor=${encodeURIComponent(cursor)}`;
    const page: { workflows: { execution_id: string }[]; next_cursor: string | null } = await expectJson(
      await fetch(`${server.url}/workflows${query}`),
      200,
    );
    ids.push(...page.workflows.map(({ execution_id }) => execution_id));
    cursor = page.next_cursor;
  }
  return ids.sort();
}

function twice(lines: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return lines.filter((line) => seen.size === seen.add(line).size);
}

/** Lines whose attempt is not above the one before of the same key. */
function fallen(lines: readonly string[]): readonly string[] {
  const highest = new Map<string, number>();
  return lines.filter((line) => {
    const [key = "", attempt = ""] = line.split(/ (?=\d+$)/);
    const before = highest.get(key) ?? 0;
    highest.set(key, Number(attempt));
    return Number(attempt) <= before;
  });
}

const witness = (random: Chance, id: string, dependencies: readonly string[] = []): NodeSpec => ({
  id,
  handler: "witness",
  dependencies,
  config: { ms: random.below(3) === 0 ? random.below(120) : 0 },
});
const workflow = (name: string, nodes: readonly NodeSpec[]) => ({ path: "/workflows", body: { name, dag: { nodes } } }) as const;
const numbered = (length: number, prefix: string) => Array.from({ length }, (_, number) => `${prefix}${number}`);

const SHAPES: readonly Shape[] = [
  (random) => workflow("one", [witness(random, "only")]),
  (random) =>
    workflow(
      "chain",
      numbered(5, "n").map((id, at, ids) => witness(random, id, ids.slice(Math.max(0, at - 1), at))),
    ),
  (random) => {
    const wide = numbered(2 + random.below(12), "w");
    return workflow("fan", [witness(random, "in"), ...wide.map((id) => witness(random, id, ["in"])), witness(random, "out", wide)]);
  },
  (random) =>
    workflow("odd ids", [
      witness(random, "__proto__"),
      witness(random, "constructor", ["__proto__"]),
      witness(random, "1", ["__proto__"]),
      witness(random, "a-b", ["constructor", "1"]),
    ]),
  (random) => ({
    path: "/api/workflow",
    body: {
      name: "steps",
      steps: ["sequential", "parallel"].map((execution_type) => ({
        execution_type,
        tasks: numbered(2, "").map(() => ({ name: "witness", params: { ms: random.below(50) } })),
      })),
    },
  }),
];

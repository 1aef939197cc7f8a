/** The relay alone: from commits in Redis to acknowledged records in Kafka, as one instance sends them. */
import { connectKafkaStream } from "../../src/bus/kafka/event-stream.ts";
import { createOutboxRelay, type OutboxRelay } from "../../src/bus/relay/relay.ts";
import { createByteBudget } from "../../src/bus/relay/written-entries.ts";
import { systemClock } from "../../src/env/clock.ts";
import { systemIds } from "../../src/env/ids.ts";
import { createLog } from "../../src/env/log/log.ts";
import { openRedisStore } from "../../src/store/redis/redis-store.ts";
import type { SharedStore } from "../../src/store/shared-store.ts";
import type { Lease } from "../../src/store/store.ts";
import { entryAfter, newExecution } from "../../test/store/made.ts";
import { until } from "../bench-engine.ts";
import { type Case, needed } from "../case.ts";
import { countCosts } from "../costs.ts";

const LANES = 64;
const BUDGET_BYTES = 64 * 2 ** 20;
const RECONNECT_MS = 200;
const EVENTS_A_ROUND = 200_000;
const COMMITS = 12;

export const relayCase: Case = {
  name: "relay",
  title: "commits of n events each in Redis, until Kafka has acknowledged every record of them",
  async start({ n: events = 4 }, services) {
    const { url } = needed(services.redis);
    const { brokers, prefix } = needed(services.kafka);
    const log = createLog({ level: "warn", instance: "bench" });
    const store = await openRedisStore({ address: { url }, clock: systemClock, ids: systemIds, log, outbox: true, lanes: LANES });
    const stream = connectKafkaStream({
      ...{ brokers: [brokers], clientId: "bench", reconnectDelayMs: RECONNECT_MS, topicPrefix: prefix, clock: systemClock, log },
    });
    await until(() => stream.health().available, "Kafka answers");
    const budget = createByteBudget(BUDGET_BYTES);
    const relays = Array.from({ length: LANES }, (_, lane) =>
      createOutboxRelay({ store, lane, sink: stream, budget, clock: systemClock, log }),
    );
    store.onOutbox((lane, entry, after, texts) => relays[lane]?.wrote(entry, after, texts));
    const writers = await Promise.all(relays.map((_, lane) => startWriter(store, lane)));
    const costs = countCosts(services);
    const executions = Math.max(LANES, Math.round(EVENTS_A_ROUND / COMMITS / events));

    async function run(count: number): Promise<number> {
      const ids = Array.from({ length: count }, () => systemIds.next());
      await store.create(ids.map((id) => newExecution(id)));
      await idle(relays);
      const ofLane = Map.groupBy(ids, (id) => store.laneOf(id));
      const startedMs = performance.now();
      await Promise.all(writers.map((write, lane) => write(ofLane.get(lane) ?? [], events)));
      await idle(relays);
      return performance.now() - startedMs;
    }

    await run(executions);
    return {
      async round() {
        await costs.begin();
        const ms = await run(executions);
        const total = executions * events * COMMITS;
        return { "events/s": (total / ms) * 1_000, ...(await costs.perNode(total)) };
      },
      async stop() {
        costs.close();
        for (const relay of relays) relay.stop();
        await stream.close();
        await store.close();
      },
    };
  },
};

async function idle(relays: readonly OutboxRelay[]): Promise<void> {
  await Promise.all(relays.map((relay) => relay.idle()));
}

/** Commits as fast as Redis answers. */
async function startWriter(store: SharedStore, lane: number): Promise<(ids: readonly string[], events: number) => Promise<void>> {
  const { bootId, epoch }: Lease = await store.acquire(lane, "bench");
  let number = 0;
  return async (ids, events) => {
    const text = `[${Array.from({ length: events }, (_, at) => eventLine(at)).join(",\n")}]`;
    for (let commit = 0; commit < COMMITS; commit++) {
      number += 1;
      const entries = ids.map((id) => entryAfter(1 + commit * events, id, {}, { events, text }));
      const answer = await store.commit(lane, { id: { bootId, epoch, number }, entries, cleanEnd: false });
      if (answer.type !== "done" || answer.entries.some(({ type }) => type !== "applied"))
        throw new Error(`Not committed: ${JSON.stringify(answer).slice(0, 200)}`);
    }
  };
}

function eventLine(at: number): string {
  return `["completed","node-${at}",1,1763700000000,1763700000450,0,{"status":"ok","value":${at}}]`;
}

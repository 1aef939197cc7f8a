/**
 * Relays in the worst of worlds: owners that are replaced and go on sending, a stream that fails before or after it took
 * something or takes it much later, a store that does not answer or comes back with an older past. What the documented
 * reader understands in the end is what the store holds, without a gap on the way.
 */
import { describe, expect, test } from "bun:test";
import type { StreamRecord } from "../../../src/bus/event-stream.ts";
import { createByteBudget } from "../../../src/bus/relay/written-entries.ts";
import { toMessages } from "../../../src/bus/kafka/records.ts";
import { createOutboxRelay, type OutboxRelay } from "../../../src/bus/relay/relay.ts";
import type { OutboxEntry, SharedStore } from "../../../src/store/shared-store.ts";
import type { Chunk, Summary } from "../../../src/store/store.ts";
import { recordingLog } from "../../env/log/recording-log.ts";
import { World } from "../../sim/world.ts";
import { entryAfter, newExecution } from "../../store/made.ts";
import { Understood } from "./documented-reader.ts";

const EXECUTIONS = ["a", "b", "c", "d"];
const SEEDS = 200;
const STEPS = 120;

type Past = { readonly logs: ReadonlyMap<string, readonly Chunk[]>; readonly outbox: readonly OutboxEntry[]; readonly last: string };

/** As much of a store as relays see, with a past that it can fall back to. */
class FragileStore implements Pick<SharedStore, "outbox" | "relayed" | "chunksAfter" | "summary"> {
  readonly #world: World;
  readonly logs = new Map<string, Chunk[]>();
  #outbox: OutboxEntry[] = [];
  #ids = 0;
  #last = "";
  faults = true;

  constructor(world: World) {
    this.#world = world;
  }

  sequence(execution: string): number {
    return this.logs.get(execution)?.at(-1)?.to ?? 0;
  }

  /** The words of all events say under which epoch they were written. */
  commit(parts: readonly { readonly execution: string; readonly events: number }[], epoch: number) {
    const entries = parts.map(({ execution, events }) => {
      const sequence = this.sequence(execution);
      const lines = Array.from({ length: events }, (_, at) => `["e${epoch}",${sequence + at + 1}]`);
      const entry = entryAfter(sequence, execution, {}, { events, text: `[${lines.join(",\n")}]` });
      this.logs.set(execution, [...(this.logs.get(execution) ?? []), entry.chunk]);
      return entry;
    });
    const pointers = entries.map(({ chunk, summary }) => ({
      execution: summary.id,
      from: chunk.from,
      to: chunk.to,
      epoch,
      status: summary.status,
      closed: false,
    }));
    const written = { entry: { id: String(++this.#ids), pointers }, after: this.#last, texts: entries.map(({ chunk }) => chunk.text) };
    if (pointers.length === 0) return null;
    this.#outbox.push(written.entry);
    this.#last = written.entry.id;
    return written;
  }

  words(execution: string): readonly string[] {
    return (this.logs.get(execution) ?? []).flatMap(({ text }) => (JSON.parse(text) as string[][]).map(([word]) => word ?? ""));
  }

  get past(): Past {
    return { logs: new Map(this.logs), outbox: [...this.#outbox], last: this.#last };
  }

  fallBack(past: Past): void {
    this.logs.clear();
    for (const [execution, chunks] of past.logs) this.logs.set(execution, [...chunks]);
    this.#outbox = [...past.outbox];
    this.#last = past.last;
  }

  outbox(_lane: number, limit: number): Promise<readonly OutboxEntry[]> {
    return this.#answer(() => this.#outbox.slice(0, limit));
  }

  relayed(_lane: number, ids: readonly string[]): Promise<void> {
    return this.#answer(() => {
      this.#outbox = this.#outbox.filter(({ id }) => !ids.includes(id));
    });
  }

  chunksAfter(execution: string, sequence: number): Promise<readonly Chunk[]> {
    return this.#answer(() => (this.logs.get(execution) ?? []).filter(({ to }) => to > sequence));
  }

  summary(execution: string): Promise<Summary | null> {
    return this.#answer(() => (this.logs.has(execution) ? newExecution(execution, { sequence: this.sequence(execution) }).summary : null));
  }

  /** Some time later; sometimes not, and sometimes done and not told. */
  #answer<Answer>(act: () => Answer): Promise<Answer> {
    const { random } = this.#world;
    const fault = this.faults ? random.below(12) : 12;
    return new Promise((resolve, reject) => {
      this.#world.after(random.below(4), () => {
        if (fault === 0) return reject(new Error("The store is away."));
        const answer = act();
        if (fault === 1) reject(new Error("The reply was lost."));
        else resolve(answer);
      });
    });
  }
}

/** As Kafka: what is sent may be there though nobody was told, and a sender that gave up may be served much later. */
function fragileStream(world: World, read: (value: string) => void, faults: () => boolean) {
  return {
    async publish(records: readonly StreamRecord[]): Promise<void> {
      const values = records.flatMap((record) => toMessages(record, 350).map(({ value }) => value));
      const fault = faults() ? world.random.below(8) : 8;
      const after = (ms: number) => new Promise<void>((resolve) => void world.after(ms, resolve));
      await after(world.random.below(10));
      if (fault === 0) throw new Error("The stream is away.");
      if (fault === 1) {
        void after(world.random.below(2_000)).then(() => values.forEach(read));
        throw new Error("The stream did not answer.");
      }
      values.slice(0, fault === 2 ? world.random.below(values.length + 1) : values.length).forEach(read);
      if (fault <= 3) throw new Error("The stream took some of it.");
    },
  };
}

async function play(seed: number): Promise<{ readonly rewinds: number }> {
  const world = new World(seed);
  const { random } = world;
  const store = new FragileStore(world);
  const understood = new Understood();
  const faults: unknown[] = [];
  const read = (value: string): void => {
    try {
      understood.read(value);
    } catch (error) {
      faults.push(error);
    }
  };
  const sink = fragileStream(world, read, () => store.faults);
  const { log } = recordingLog();
  const hire = () => createOutboxRelay({ store, lane: 0, sink, budget: createByteBudget(random.below(600)), clock: world, log });
  const relays: OutboxRelay[] = [hire()];
  let epoch = 1;
  let past = store.past;

  const commit = (executions: readonly string[]): void => {
    const written = store.commit(
      executions.map((execution) => ({ execution, events: 1 + random.below(4) })),
      epoch,
    );
    const owner = relays.at(-1);
    if (written !== null && random.chance(0.8)) owner?.wrote(written.entry, written.after, written.texts);
    else if (random.chance(0.5)) owner?.wake();
  };

  for (let step = 0; step < STEPS; step++) {
    const chance = random.below(100);
    if (chance < 70) commit(EXECUTIONS.filter(() => random.chance(0.4)));
    else if (chance < 85) await world.pass(random.below(60));
    else if (chance < 92) past = store.past;
    else if (chance < 97) {
      // A new owner. The old one may be paused and wake up later: its relay goes on for a while, or is stopped.
      epoch += 1;
      if (random.chance(0.5)) relays.at(-1)?.stop();
      relays.push(hire());
      relays.at(-1)?.wake();
    } else {
      store.fallBack(past);
      epoch += 1;
      for (const relay of relays) await restarted(relay, epoch, world);
    }
  }
  // All is well again, and each execution goes on.
  await world.pass(3_000);
  store.faults = false;
  commit(EXECUTIONS);
  relays.at(-1)?.wake();
  await world.pass(10_000);
  expect({ seed, faults }).toEqual({ seed, faults: [] });
  for (const execution of EXECUTIONS) expect({ seed, words: understood.words(execution) }).toEqual({ seed, words: store.words(execution) });
  expect(await drained(store, world)).toEqual([]);
  return { rewinds: understood.rewinds };
}

/** As an owner does: again until it succeeds. */
async function restarted(relay: OutboxRelay, epoch: number, world: World): Promise<void> {
  for (let told = false; !told; ) {
    const telling = relay.storeRestarted(epoch).then(
      () => true,
      () => false,
    );
    await world.pass(20);
    told = await telling;
  }
}

async function drained(store: FragileStore, world: World): Promise<readonly OutboxEntry[]> {
  const left = store.outbox(0, 100);
  await world.pass(10);
  return left;
}

describe("relays under faults", () => {
  test(`the stream tells what the store holds, in ${SEEDS} worlds`, async () => {
    let rewinds = 0;
    for (let seed = 1; seed <= SEEDS; seed++) rewinds += (await play(seed)).rewinds;
    // Else the worlds would not be bad enough to say anything.
    expect(rewinds).toBeGreaterThan(SEEDS / 10);
  }, 60_000);
});

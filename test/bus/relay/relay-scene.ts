/** An owner with its lane, a relay that is told of what is written, and a stream whose answers the test gives. */
import { expect } from "bun:test";
import type { StreamRecord } from "../../../src/bus/event-stream.ts";
import { createOutboxRelay, type OutboxRelay, type OutboxRelayOptions } from "../../../src/bus/relay/relay.ts";
import { toMessages } from "../../../src/bus/kafka/records.ts";
import { createByteBudget } from "../../../src/bus/relay/written-entries.ts";
import { emptySharedMemory, openSharedMemoryStore } from "../../../src/store/memory/shared-memory-store.ts";
import type { OutboxEntry, SharedStore } from "../../../src/store/shared-store.ts";
import type { Lease, Summary } from "../../../src/store/store.ts";
import { recordingLog } from "../../env/log/recording-log.ts";
import { World } from "../../sim/world.ts";
import { commitId, entryAfter, newExecution } from "../../store/made.ts";
import { Understood } from "./documented-reader.ts";

export const LANE = 0;

export type RelayStore = Pick<SharedStore, "outbox" | "relayed" | "chunksAfter" | "summary">;

/** An owner with its lane, and a stream whose answers the test gives. */
export class Scene {
  readonly world = new World();
  readonly said = recordingLog();
  readonly files = emptySharedMemory(1);
  readonly store = openSharedMemoryStore({ files: this.files, clock: this.world });
  readonly budget = createByteBudget(1_000_000);
  readonly sent: StreamRecord[] = [];
  lease: Lease | null = null;
  number = 0;
  inFlight = 0;
  calls = 0;
  /** Of the calls to come. */
  takesMs = 1;
  away = false;
  deaf = false;
  /** The owner's; the last one that was made. */
  listening: OutboxRelay | null = null;

  constructor() {
    this.store.onOutbox((_, entry, after, texts) => {
      if (!this.deaf) this.listening?.wrote(entry, after, texts);
    });
  }

  readonly sink = {
    publish: async (records: readonly StreamRecord[]): Promise<void> => {
      this.inFlight += 1;
      this.calls += 1;
      expect(this.inFlight).toBe(1);
      // What it is given is packed at once: what becomes of the list afterwards is no matter.
      const packed = [...records];
      await new Promise<void>((resolve) => void this.world.after(this.takesMs, resolve));
      this.inFlight -= 1;
      if (this.away) throw new Error("The stream is away.");
      this.sent.push(...packed);
    },
  };

  /** Told of what is written, unless `deaf`. */
  relay(store: RelayStore = this.store, over: Partial<OutboxRelayOptions> = {}): OutboxRelay {
    const { sink, budget, world, said } = this;
    const relay = createOutboxRelay({ store, lane: LANE, sink, budget, clock: world, log: said.log, ...over });
    this.listening = relay;
    return relay;
  }

  /** The store, with some calls answered by the test. */
  storeWith(over: Partial<RelayStore>): RelayStore {
    const { store } = this;
    return {
      outbox: (lane, limit) => store.outbox(lane, limit),
      relayed: (lane, ids) => store.relayed(lane, ids),
      chunksAfter: (id, sequence) => store.chunksAfter(id, sequence),
      summary: (id) => store.summary(id),
      ...over,
    };
  }

  async create(id: string): Promise<void> {
    await this.store.create([newExecution(id)]);
  }

  /** A commit of one event after `sequence`. */
  async commit(id: string, sequence: number, over: Partial<Summary> = {}): Promise<void> {
    this.lease ??= await this.takeAgain();
    const entry = entryAfter(sequence, id, over);
    await this.store.commit(LANE, { id: commitId(this.lease, ++this.number), entries: [entry], cleanEnd: false });
  }

  /** One that has sent all of these: an execution for each, created and committed as often as is said. */
  async sentAll(commits: Readonly<Record<string, number>>, store: RelayStore = this.store): Promise<OutboxRelay> {
    const relay = this.relay(store);
    for (const [id, count] of Object.entries(commits)) {
      await this.create(id);
      for (let sequence = 1; sequence <= count; sequence++) await this.commit(id, sequence);
    }
    await this.world.pass(300);
    return relay;
  }

  /** The store has lost what came after this event. */
  forget(id: string, sequence: number): void {
    const kept = this.files.executions.get(id);
    if (kept === undefined) throw new Error(`The store has no execution ${id}.`);
    kept.chunks.splice(sequence);
    kept.summary = { ...kept.summary, sequence };
  }

  /** The owner has the lane again, under a new lease. */
  async takeAgain(): Promise<Lease> {
    this.lease = await this.store.acquire(LANE, "boot-1");
    this.number = 0;
    return this.lease;
  }

  /** What a reader of the stream holds. */
  get understood(): Understood {
    const understood = new Understood();
    for (const record of this.sent) for (const { value } of toMessages(record, 100_000)) understood.read(value);
    return understood;
  }

  get sequences(): readonly string[] {
    return this.sent.map((record) =>
      "rewoundTo" in record ? `rewound ${record.rewoundTo}` : `${record.execution} ${record.from}-${record.to}`,
    );
  }

  async left(): Promise<readonly OutboxEntry[]> {
    return this.store.outbox(LANE, 1_000);
  }
}

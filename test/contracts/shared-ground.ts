/** Where the contract of a shared store is played: data that outlives the stores opened on it, and a way to let time pass. */
import type { SharedStore } from "../../src/store/shared-store.ts";
import type { CommandReceipt, Commit, CommitAnswer, CommitEntry, Lease } from "../../src/store/store.ts";
import { idsIn, leaseOf, LONG_MS } from "../store/in-lane.ts";
import { commitId, newExecution } from "../store/made.ts";

export type SharedGround = {
  /** How many lanes it has: at least two. */
  readonly lanes: number;
  /** One instance's connection. Events are published, so it keeps an outbox. `level`: its build's, where that is another than this one's. */
  open(level?: number): Promise<SharedStore>;
  /** Resolves when the store's clock is at least so much later. */
  pass(ms: number): Promise<void>;
  /** Deletes the data. */
  clear(): Promise<void>;
};

/** Short, since a ground may really wait for it; long enough that a test's few calls take less. */
export const TTL_MS = 150;

/** Two connections to the same store, with the questions that are asked most. */
export class SharedSubject {
  readonly #makeGround: () => SharedGround;
  #ground: SharedGround | null = null;
  #stores: readonly [SharedStore, SharedStore] | null = null;
  readonly #others: SharedStore[] = [];

  constructor(makeGround: () => SharedGround) {
    this.#makeGround = makeGround;
  }

  async begin(): Promise<void> {
    this.#ground = this.#makeGround();
    this.#stores = [await this.#ground.open(), await this.#ground.open()];
  }

  async end(): Promise<void> {
    for (const store of [...(this.#stores ?? []), ...this.#others.splice(0)]) await store.close();
    await this.#ground?.clear();
  }

  get one(): SharedStore {
    return this.#both[0];
  }

  get two(): SharedStore {
    return this.#both[1];
  }

  /** A third one, of another build. */
  async open(level: number): Promise<SharedStore> {
    if (this.#ground === null) throw new Error("There is no ground to open a store on: call begin() first.");
    const store = await this.#ground.open(level);
    this.#others.push(store);
    return store;
  }

  get lanes(): number {
    return this.#ground?.lanes ?? 0;
  }

  async lapse(): Promise<void> {
    await this.#ground?.pass(TTL_MS + 10);
  }

  async pass(ms: number): Promise<void> {
    await this.#ground?.pass(ms);
  }

  /** The lane for this boot, for long. Throws where another has it. */
  lease(lane: number, bootId: string, ttlMs = LONG_MS): Promise<Lease> {
    return leaseOf(this.one, lane, bootId, ttlMs);
  }

  commit(
    lease: Lease,
    number: number,
    entries: readonly CommitEntry[],
    rest: { readonly receipts?: readonly CommandReceipt[]; readonly cleanEnd?: boolean } = {},
  ): Promise<CommitAnswer> {
    const { cleanEnd = false, receipts } = rest;
    const commit: Commit = { id: commitId(lease, number), entries, cleanEnd, ...(receipts === undefined ? {} : { receipts }) };
    return this.one.commit(lease.lane, commit);
  }

  /** New executions of one lane, by id. */
  async createIn(lane: number, count: number, over: Parameters<typeof newExecution>[1] = {}): Promise<readonly string[]> {
    const ids = this.idsIn(lane, count);
    await this.one.create(ids.map((id) => newExecution(id, over)));
    return ids;
  }

  /** Ids that belong to the lane; the same for the same question. */
  idsIn(lane: number, count: number): readonly string[] {
    return idsIn(this.one, lane, count);
  }

  get #both(): readonly [SharedStore, SharedStore] {
    if (this.#stores === null) throw new Error("The contract asks a store that is not open: call begin() first.");
    return this.#stores;
  }
}

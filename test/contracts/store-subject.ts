/** What the stores' contract asks its questions of: a store on its own ground, with the questions that are asked most. */
import type { Commit, CommitAnswer, CommitEntry, CreateAnswer, Lease, ListQuery, Store } from "../../src/store/store.ts";
import { commitId, newExecution } from "../store/made.ts";

/** Where one test's data lives; it outlives the stores that are opened on it. */
export type StoreGround = {
  /** `textBytesMax`: the longest text that this store takes, lowered for the test. */
  open(options?: { readonly textBytesMax: number }): Promise<Store>;
  /** Deletes the data. */
  clear(): Promise<void>;
};

export const LANE = 0;

export class StoreSubject {
  readonly #makeGround: () => StoreGround;
  #ground: StoreGround | null = null;
  #store: Store | null = null;

  constructor(makeGround: () => StoreGround) {
    this.#makeGround = makeGround;
  }

  get store(): Store {
    if (this.#store === null) throw new Error("The contract asks a store that is not open: call begin() first.");
    return this.#store;
  }

  /** A store without data. */
  async begin(): Promise<void> {
    this.#ground = this.#makeGround();
    this.#store = await this.#ground.open();
  }

  /** Ends the store and opens it again on the same data. */
  async reopen(options?: { readonly textBytesMax: number }): Promise<void> {
    await this.#store?.close();
    this.#store = (await this.#ground?.open(options)) ?? null;
  }

  async end(): Promise<void> {
    await this.#store?.close();
    await this.#ground?.clear();
  }

  commit(lease: Lease, number: number, entries: readonly CommitEntry[], cleanEnd = false): Promise<CommitAnswer> {
    const commit: Commit = { id: commitId(lease, number), entries, cleanEnd };
    return this.store.commit(LANE, commit);
  }

  async createOne(...made: Parameters<typeof newExecution>): Promise<CreateAnswer | undefined> {
    return (await this.store.create([newExecution(...made)]))[0];
  }

  async listedIds(query: Partial<ListQuery>): Promise<readonly string[]> {
    return (await this.store.list({ limit: 100, ...query })).map(({ id }) => id);
  }
}

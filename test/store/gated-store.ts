/** A memory store whose calls a test lets through one by one, loses on the way, or answers into the void. */
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { type Commit, type NewExecution, type Store, StoreUnavailable } from "../../src/store/store.ts";

/** `hold`: waits for `release`; `lose the call`: nothing is written; `lose the answer`: written, and nobody learns it. */
export type Fate = "pass" | "hold" | "lose the call" | "lose the answer";

export class GatedStore {
  readonly truth = openMemoryStore();
  /** Every commit and create that was sent, in order. */
  readonly commits: Commit[] = [];
  readonly creates: (readonly NewExecution[])[] = [];
  /** Of the calls to come; `pass` after the last. */
  fates: Fate[] = [];
  #held: (() => void)[] = [];

  readonly store: Store;

  constructor() {
    const { truth } = this;
    this.store = {
      lanes: 1,
      laneOf: () => 0,
      acquire: (lane, bootId) => truth.acquire(lane, bootId),
      commit: (lane, commit) => {
        this.commits.push(commit);
        return this.#meet(() => truth.commit(lane, commit));
      },
      create: (batch) => {
        this.creates.push(batch);
        return this.#meet(() => truth.create(batch));
      },
      load: (id) => truth.load(id),
      chunksAfter: (id, sequence) => truth.chunksAfter(id, sequence),
      summary: (id) => truth.summary(id),
      large: (id, keys) => truth.large(id, keys),
      list: (query) => truth.list(query),
      active: (lane) => truth.active(lane),
      remove: (execution) => truth.remove(execution),
      sweep: (retention) => truth.sweep(retention),
      raiseLevel: (level) => truth.raiseLevel(level),
      close: () => truth.close(),
    };
  }

  /** Lets through what is held. */
  release(): void {
    for (const go of this.#held.splice(0)) go();
  }

  async #meet<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    const fate = this.fates.shift() ?? "pass";
    if (fate === "hold") await new Promise<void>((resolve) => this.#held.push(resolve));
    if (fate === "lose the call") throw new StoreUnavailable("The call was lost.");
    const answer = await call();
    if (fate === "lose the answer") throw new StoreUnavailable("The answer was lost.");
    return answer;
  }
}

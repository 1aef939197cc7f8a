/**
 * What goes to the SQLite thread to be written: one message is under way, and a commit and a create that are there when it is
 * answered go together, as one transaction with one sync. What retention deletes goes when nothing else waits.
 */
import { systemTurns } from "../env/turns.ts";
import { errorOf, type SqliteClient } from "./sqlite-client.ts";
import type { PartReply, SqlitePackedCalls } from "./sqlite-protocol.ts";
import type { Cell } from "./sqlite-rows.ts";
import type { Retention } from "./store.ts";

type CommitReply = ReturnType<SqlitePackedCalls["commit"]>;
type CreateReply = ReturnType<SqlitePackedCalls["create"]>;

type Waiting<Answer, Request = Cell[]> = { readonly request: Request; readonly answered: PromiseWithResolvers<Answer> };

/** So many writes may go before a deletion that waits: then it is its turn, or a store that never rests would only grow. */
const PASSED_MOST = 16;

export class SqliteWriteLine {
  readonly #client: SqliteClient;
  readonly #commits: Waiting<CommitReply>[] = [];
  readonly #creates: Waiting<CreateReply>[] = [];
  readonly #sweeps: Waiting<readonly string[], Retention>[] = [];
  #passed = 0;
  #isUnderWay = false;
  #isDue = false;

  constructor(client: SqliteClient) {
    this.#client = client;
  }

  /** `request`: packed, with room for its head. */
  commit(request: Cell[]): Promise<CommitReply> {
    return this.#wait(this.#commits, request);
  }

  create(request: Cell[]): Promise<CreateReply> {
    return this.#wait(this.#creates, request);
  }

  /** The ids of what is gone. */
  sweep(retention: Retention): Promise<readonly string[]> {
    return this.#wait(this.#sweeps, retention);
  }

  #wait<Answer, Request>(line: Waiting<Answer, Request>[], request: Request): Promise<Answer> {
    const answered = Promise.withResolvers<Answer>();
    line.push({ request, answered });
    if (!this.#isUnderWay && !this.#isDue) {
      this.#isDue = true;
      // Whoever writes in the same breath goes along.
      queueMicrotask(() => void this.#send());
    }
    return answered.promise;
  }

  async #send(): Promise<void> {
    this.#isDue = false;
    this.#isUnderWay = true;
    await this.#next();
    this.#isUnderWay = false;
    if (this.#commits.length + this.#creates.length + this.#sweeps.length === 0) return;
    this.#isDue = true;
    // What follows from this answer is ready a moment later.
    systemTurns.run(() => void this.#send());
  }

  #next(): Promise<void> {
    const isQuiet = this.#commits.length + this.#creates.length === 0;
    const sweep = isQuiet || this.#passed === PASSED_MOST ? this.#sweeps.shift() : undefined;
    if (sweep !== undefined) {
      this.#passed = 0;
      return settle(sweep, this.#client.call("sweep", sweep.request));
    }
    if (this.#sweeps.length > 0) this.#passed += 1;
    const [commit, create] = [this.#commits.shift(), this.#creates.shift()];
    if (commit !== undefined && create !== undefined) return this.#both(commit, create);
    if (commit !== undefined) return settle(commit, this.#client.callPacked("commit", commit.request));
    return create === undefined ? Promise.resolve() : settle(create, this.#client.callPacked("create", create.request));
  }

  async #both(commit: Waiting<CommitReply>, create: Waiting<CreateReply>): Promise<void> {
    try {
      const [ofCommit, ofCreate] = await this.#client.write(commit.request, create.request);
      tell(commit, ofCommit);
      tell(create, ofCreate);
    } catch (error) {
      commit.answered.reject(error);
      create.answered.reject(error);
    }
  }
}

async function settle<Answer>({ answered }: Pick<Waiting<Answer>, "answered">, answer: Promise<Answer>): Promise<void> {
  try {
    answered.resolve(await answer);
  } catch (error) {
    answered.reject(error);
  }
}

function tell<Answer>({ answered }: Waiting<Answer>, reply: PartReply<Answer>): void {
  if (reply[0]) answered.resolve(reply[1]);
  else answered.reject(errorOf(reply[1], reply[2]));
}

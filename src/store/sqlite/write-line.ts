/**
 * The line of writes for the SQLite thread. A commit and a create of the same turn go together, as one transaction with one sync. Nothing
 * waits here, because the thread goes on with the next write while the last one is answered. Deletions of retention go when nothing else is
 * under way.
 */
import { systemTurns } from "../../env/turns.ts";
import { errorOf, type SqliteClient } from "./client.ts";
import type { PartReply, SqlitePackedCalls } from "./thread/protocol.ts";
import type { Cell } from "./thread/rows.ts";
import type { Retention } from "../store.ts";

type CommitReply = ReturnType<SqlitePackedCalls["commit"]>;
type CreateReply = ReturnType<SqlitePackedCalls["create"]>;

type Waiting<Answer, Request = Cell[]> = { readonly request: Request; readonly answered: PromiseWithResolvers<Answer> };

/** The number of writes that may pass a waiting deletion. Then it is its turn: a store that never rests would only grow. */
const PASSED_MOST = 16;

export class SqliteWriteLine {
  readonly #client: SqliteClient;
  readonly #commits: Waiting<CommitReply>[] = [];
  readonly #creates: Waiting<CreateReply>[] = [];
  readonly #sweeps: Waiting<readonly string[], Retention>[] = [];
  #passed = 0;
  #underWay = 0;
  #isDue = false;

  constructor(client: SqliteClient) {
    this.#client = client;
  }

  /** Submits a commit. `request`: packed, with room for its head. */
  commit(request: Cell[]): Promise<CommitReply> {
    return this.#wait(this.#commits, request);
  }

  create(request: Cell[]): Promise<CreateReply> {
    return this.#wait(this.#creates, request);
  }

  /** Deletes what retention allows, and resolves with the ids. */
  sweep(retention: Retention): Promise<readonly string[]> {
    return this.#wait(this.#sweeps, retention);
  }

  #wait<Answer, Request>(line: Waiting<Answer, Request>[], request: Request): Promise<Answer> {
    const answered = Promise.withResolvers<Answer>();
    line.push({ request, answered });
    this.#wake();
    return answered.promise;
  }

  #wake(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    // Writes of the same turn go along.
    queueMicrotask(() => {
      this.#isDue = false;
      this.#sendWrites();
      this.#sendSweep();
    });
  }

  #sendWrites(): void {
    for (;;) {
      const [commit, create] = [this.#commits.shift(), this.#creates.shift()];
      if (commit !== undefined && create !== undefined) void this.#counted(this.#both(commit, create));
      else if (commit !== undefined) void this.#counted(settle(commit, this.#client.callPacked("commit", commit.request)));
      else if (create !== undefined) void this.#counted(settle(create, this.#client.callPacked("create", create.request)));
      else return;
      if (this.#sweeps.length > 0) this.#passed += 1;
    }
  }

  #sendSweep(): void {
    if (this.#underWay > 0 && this.#passed < PASSED_MOST) return;
    const sweep = this.#sweeps.shift();
    if (sweep === undefined) return;
    this.#passed = 0;
    void this.#counted(settle(sweep, this.#client.call("sweep", sweep.request)));
  }

  async #counted(answered: Promise<void>): Promise<void> {
    this.#underWay += 1;
    await answered;
    this.#underWay -= 1;
    // What follows from this answer is ready a moment later, and goes first.
    if (this.#sweeps.length > 0) systemTurns.run(() => this.#wake());
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

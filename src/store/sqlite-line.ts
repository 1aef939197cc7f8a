/**
 * What goes to the SQLite thread to be written: one message is under way, and a commit and a create that are there when it is
 * answered go together, as one transaction with one sync.
 */
import { systemTurns } from "../env/turns.ts";
import { errorOf, type SqliteClient } from "./sqlite-client.ts";
import type { PartReply, SqlitePackedCalls } from "./sqlite-protocol.ts";
import type { Cell } from "./sqlite-rows.ts";

type CommitReply = ReturnType<SqlitePackedCalls["commit"]>;
type CreateReply = ReturnType<SqlitePackedCalls["create"]>;

type Waiting<Answer> = { readonly request: Cell[]; readonly answered: PromiseWithResolvers<Answer> };

export class SqliteWriteLine {
  readonly #client: SqliteClient;
  readonly #commits: Waiting<CommitReply>[] = [];
  readonly #creates: Waiting<CreateReply>[] = [];
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

  #wait<Answer>(line: Waiting<Answer>[], request: Cell[]): Promise<Answer> {
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
    const commit = this.#commits.shift();
    const create = this.#creates.shift();
    this.#isUnderWay = true;
    await Promise.all(
      commit !== undefined && create !== undefined
        ? [this.#both(commit, create)]
        : [
            commit && settle(commit, this.#client.callPacked("commit", commit.request)),
            create && settle(create, this.#client.callPacked("create", create.request)),
          ],
    );
    this.#isUnderWay = false;
    if (this.#commits.length + this.#creates.length === 0) return;
    this.#isDue = true;
    // What follows from this answer is ready a moment later.
    systemTurns.run(() => void this.#send());
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

async function settle<Answer>({ answered }: Waiting<Answer>, answer: Promise<Answer>): Promise<void> {
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

/** The store on Redis or on a Redis Cluster, which several instances share. shared-store.ts and store.ts describe each call. */
import type { Clock } from "../../env/clock.ts";
import type { Ids } from "../../env/ids.ts";
import type { Log } from "../../env/log/log.ts";
import { laneOf } from "../lane-of.ts";
import { commandsAfter, receiptOf, sendCommand } from "./commands.ts";
import { connectTwice, type RedisAddress, type RedisConnection, type Reply } from "./calls/connection.ts";
import { extendExecution } from "./extend.ts";
import { type GatheredScripts, gatherScripts } from "./calls/gathered.ts";
import { type LaneKeys, type RedisKeys, redisKeys } from "./keys.ts";
import { createLaneCalls, type LaneCalls } from "./calls/lane-calls.ts";
import { beat, leave, raiseLevel, releaseLease, renewLease, takeLane, viewLane } from "./leases.ts";
import { FIRST_LEVEL, LEVEL } from "../../workflow/execution/level.ts";
import { listExecutions } from "./list.ts";
import { claim, discard, heldClaims, offer, offersIn, withdraw } from "./offers.ts";
import { chunksAfter, loadExecution, readActive, readLarge, readSummary } from "./reads.ts";
import { deleteRelayed, OutboxListeners, readOutbox } from "./outbox.ts";
import { type Restarts, watchRestarts } from "./calls/restarts.ts";
import { fullnessOf } from "./room.ts";
import { removeExecution, sweepLanes } from "./retention.ts";
import { beginStore } from "./calls/first-look.ts";
import { warningsOf } from "./calls/warnings.ts";
import { packCommit, packCreate, unpackCommit, unpackCreate, type WriteOptions } from "./writes.ts";
import { refusalOf } from "../refusal.ts";
import type { Extension, LaneCommand, LaneView, Member, MemberView, Offer, OfferView, OutboxEntry } from "../shared-store.ts";
import type { Claim, OutboxListener, Renewal, Sent, SharedStore, StoredCommand, Taken } from "../shared-store.ts";
import type { Chunk, Commit, CommitAnswer, CreateAnswer, Lease, ListQuery } from "../store.ts";
import type { NewExecution, Retention, StoredExecution, Summary } from "../store.ts";
import { appliedOf, toldOf } from "../told.ts";

export type RedisStoreOptions = {
  readonly address: RedisAddress;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Whether each commit and create leaves pointers for the bus. */
  readonly outbox: boolean;
  /** The number of lanes: the same for every instance, and for as long as the data lives. */
  readonly lanes?: number;
  readonly keyPrefix?: string;
  /** The time in which a call must end. Larger calls have a second more for each 20 MB. */
  readonly commandTimeoutMs?: number;
  readonly reconnectDelayMs?: number;
  /** The longest text. */
  readonly textBytesMax?: number;
  readonly level?: number;
};

const LANES = 64;
const COMMAND_TIMEOUT_MS = 1_500;
const RECONNECT_DELAY_MS = 1_000;
/** The longest text: above what the API accepts, and well below Redis's limit. A longer one would block it. */
const REDIS_TEXT_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Opens the store. Resolves when Redis answers and its data is known. Rejects with StoreUnavailable if it cannot be reached, with DataLost
 * if a part of the data is gone, with BelowLevel, and with RedisRefusal if it has another number of lanes. Each message is a sentence.
 */
export async function openRedisStore(options: RedisStoreOptions): Promise<SharedStore> {
  const { address, clock, ids, log, commandTimeoutMs = COMMAND_TIMEOUT_MS, reconnectDelayMs = RECONNECT_DELAY_MS, level = LEVEL } = options;
  const keys = redisKeys(options.keyPrefix ?? "troupe", options.lanes ?? LANES);
  const writes: WriteOptions = { outbox: options.outbox, textBytesMax: options.textBytesMax ?? REDIS_TEXT_BYTES_MAX };
  const [work, leases] = await connectTwice(["work", "leases"], { address, commandTimeoutMs, reconnectDelayMs, clock, log });
  const connections = [work, leases];
  try {
    const token = await beginStore(work, keys, ids, level);
    // Renewals come often, so their connection is the first to see that a server is another one.
    const restarts = await watchRestarts({ connection: leases, keys, clock, log });
    const callsOn = (connection: RedisConnection) => createLaneCalls({ connection, token, commandTimeoutMs, clock });
    const gathers = "url" in address;
    const gathered = gatherScripts({ work, leases }, token, gathers);
    const calls = { work: callsOn(work), leases: callsOn(leases) };
    return new RedisStore({ keys, writes, level, ...calls, ...gathered, gathers, restarts, connections });
  } catch (error) {
    for (const connection of connections) connection.close();
    throw error;
  }
}

type Parts = GatheredScripts & {
  readonly keys: RedisKeys;
  readonly writes: WriteOptions;
  readonly level: number;
  readonly work: LaneCalls;
  readonly leases: LaneCalls;
  /** False if lanes are on several servers. */
  readonly gathers: boolean;
  readonly restarts: Restarts;
  readonly connections: readonly RedisConnection[];
};

class RedisStore implements SharedStore {
  readonly lanes: number;
  readonly #parts: Parts;
  readonly #work: LaneCalls;
  readonly #leases: LaneCalls;
  readonly #written = new OutboxListeners();
  #inUse = FIRST_LEVEL;
  readonly level = (): number => this.#inUse;

  constructor(parts: Parts) {
    this.lanes = parts.keys.lanes.length;
    this.#parts = parts;
    this.#work = parts.work;
    this.#leases = parts.leases;
  }

  laneOf(executionId: string): number {
    return laneOf(executionId, this.lanes);
  }

  async acquire(lane: number, bootId: string): Promise<Lease> {
    const taken = await takeLane(this.#leases, this.#keys(lane), { lane, bootId, ttlMs: 0, seenEpoch: 0, level: this.#parts.level });
    if (taken.type === "held") throw new Error(`Lane ${lane} was asked for whoever has it, and was refused.`);
    return taken.lease;
  }

  async commit(lane: number, commit: Commit): Promise<CommitAnswer> {
    const { writes, commits } = this.#parts;
    const packed = packCommit(this.#keys(lane), commit, writes);
    const { answer, mark } = unpackCommit((await commits.run(packed.part)) as string, commit.entries.length, packed, writes);
    this.#written.tell(lane, mark, commit.id.epoch, () => appliedOf(commit, answer));
    return answer;
  }

  async create(batch: readonly NewExecution[], untilMs?: number): Promise<readonly CreateAnswer[]> {
    const { writes, creates } = this.#parts;
    for (const execution of batch) {
      const reason = refusalOf(execution, writes.textBytesMax);
      if (reason !== null) throw new RangeError(reason);
    }
    const answers: CreateAnswer[] = [];
    const byLane = Map.groupBy(batch.keys(), (at) => this.laneOf((batch[at] as NewExecution).summary.id));
    const calls = Array.from(byLane, async ([lane, positions]) => {
      const some = positions.map((at) => batch[at] as NewExecution);
      const send = (until: string) => creates.run(packCreate(this.#keys(lane), some, { ...writes, until }));
      const { answer, mark, epoch } = unpackCreate((await this.#sendUntil(untilMs, send)) as string);
      positions.forEach((at, index) => {
        answers[at] = answer[index] as CreateAnswer;
      });
      this.#written.tell(lane, mark, epoch, () => toldOf(some.filter((_, index) => answer[index] === "created")));
    });
    await Promise.all(calls);
    return answers;
  }

  extend(extension: Extension): Promise<boolean> {
    return extendExecution(this.#work, this.#keysOf(extension.summary.id), extension, this.#parts.writes.outbox);
  }

  load(executionId: string): Promise<StoredExecution | null> {
    return loadExecution(this.#work, this.#keysOf(executionId), executionId);
  }

  chunksAfter(executionId: string, sequence: number): Promise<readonly Chunk[]> {
    return chunksAfter(this.#work, this.#keysOf(executionId), executionId, sequence);
  }

  summary(executionId: string): Promise<Summary | null> {
    return readSummary(this.#parts.summaries, this.#keysOf(executionId), executionId);
  }

  large(executionId: string, keys: readonly string[]): Promise<readonly (string | null)[]> {
    return readLarge(this.#work, this.#keysOf(executionId), executionId, keys);
  }

  list(query: ListQuery): Promise<readonly Summary[]> {
    const { keys, summaries, gathers } = this.#parts;
    return listExecutions({ calls: this.#work, summaries, keys, gathers }, query);
  }

  active(lane: number): Promise<readonly string[]> {
    return readActive(this.#work, this.#keys(lane));
  }

  remove: SharedStore["remove"] = (execution) =>
    removeExecution({ calls: this.#work, summaries: this.#parts.summaries }, this.#keysOf(execution.id), execution);

  sweep(retention: Retention): Promise<number> {
    const { keys, commits, creates, summaries } = this.#parts;
    return sweepLanes({ calls: this.#work, summaries, keys, retention, turn: () => Promise.all([commits.turn(), creates.turn()]) });
  }

  async close(): Promise<void> {
    this.#parts.restarts.stop();
    for (const connection of this.#parts.connections) connection.close();
  }

  onRestart(listener: (lanes: readonly number[]) => void): () => void {
    return this.#parts.restarts.onRestart(listener);
  }

  warnings(): Promise<readonly string[]> {
    return warningsOf(this.#parts.connections[0] as RedisConnection);
  }

  full(): Promise<string | null> {
    return fullnessOf(this.#parts.connections[1] as RedisConnection, this.#leases, this.#parts.keys);
  }

  async takeLease(lane: number, bootId: string, ttlMs: number, seenEpoch = 0): Promise<Taken> {
    const taken = await takeLane(this.#leases, this.#keys(lane), { lane, bootId, ttlMs, seenEpoch, level: this.#parts.level });
    await this.#parts.restarts.told(lane);
    return taken;
  }

  renew(leases: readonly Lease[], ttlMs: number): Promise<readonly Renewal[]> {
    const calls = { calls: this.#leases, renewals: this.#parts.renewals };
    return Promise.all(leases.map((lease) => renewLease(calls, this.#keys(lease.lane), lease, ttlMs)));
  }

  release(lease: Lease): Promise<void> {
    return releaseLease(this.#leases, this.#keys(lease.lane), lease);
  }

  leases(ttlMs: number): Promise<readonly LaneView[]> {
    return Promise.all(this.#parts.keys.lanes.map((keys, lane) => viewLane(this.#parts.views, keys, lane, ttlMs)));
  }

  async beat(member: Member, ttlMs: number): Promise<readonly MemberView[]> {
    const { members, level } = await beat(this.#leases, this.#parts.keys, { member, ttlMs, level: this.#parts.level });
    this.#inUse = level;
    return members;
  }

  raiseLevel(level: number): Promise<boolean> {
    return raiseLevel(this.#leases, this.#parts.keys, level);
  }

  nowMs(): number | null {
    return this.#leases.nowMs(this.#parts.keys.store);
  }

  leave(bootId: string): Promise<void> {
    return leave(this.#leases, this.#parts.keys, bootId);
  }

  send(command: LaneCommand): Promise<Sent> {
    return sendCommand(this.#work, this.#keysOf(command.execution), command);
  }

  commandsAfter(lane: number, position: number, limit: number): Promise<readonly StoredCommand[]> {
    return commandsAfter(this.#work, this.#keys(lane), position, limit);
  }

  receiptOf(executionId: string, commandId: string): Promise<string | null> {
    return receiptOf(this.#work, this.#keysOf(executionId), commandId);
  }

  onOutbox(listener: OutboxListener): () => void {
    return this.#written.add(listener);
  }

  async outbox(lane: number, limit: number): Promise<readonly OutboxEntry[]> {
    return this.#parts.writes.outbox ? await readOutbox(this.#work, this.#keys(lane), limit) : [];
  }

  relayed(lane: number, ids: readonly string[]): Promise<void> {
    return deleteRelayed(this.#parts.trims, this.#keys(lane), ids);
  }

  offer(lease: Lease, offers: readonly Offer[], number: number): Promise<"offered" | "fenced"> {
    return offer(this.#work, this.#keys(lease.lane), { lease, offers, number });
  }

  offersIn(lane: number, ids?: readonly string[]): Promise<readonly OfferView[]> {
    return offersIn(this.#work, this.#keys(lane), ids);
  }

  claim(lane: number, wanted: Claim): Promise<readonly Offer[]> {
    return claim(this.#work, this.#keys(lane), wanted, this.#parts.level);
  }

  withdraw(lease: Lease, ids: readonly string[]): Promise<readonly OfferView[] | "fenced"> {
    return withdraw(this.#work, this.#keys(lease.lane), lease, ids);
  }

  discard(lane: number, ids: readonly string[]): Promise<void> {
    return discard(this.#work, this.#keys(lane), ids);
  }

  heldClaims(lane: number, bootId: string, ids: readonly string[]): Promise<readonly string[]> {
    return heldClaims(this.#work, this.#keys(lane), bootId, ids);
  }

  /** Sends with a deadline by Redis's clock. If lanes are on several servers, each has a clock of its own, which nobody asks. */
  #sendUntil(ms: number | undefined, send: (until: string) => Promise<Reply>): Promise<Reply> {
    return ms === undefined || !this.#parts.gathers ? send("0") : this.#leases.sendUntil(this.#parts.keys.store, ms, send);
  }

  #keys(lane: number): LaneKeys {
    const keys = this.#parts.keys.lanes[lane];
    if (keys === undefined) throw new Error(`There is no lane ${lane}: this store has ${this.lanes}.`);
    return keys;
  }

  #keysOf(executionId: string): LaneKeys {
    return this.#keys(this.laneOf(executionId));
  }
}

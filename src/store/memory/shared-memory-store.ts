/**
 * A store that several instances share, in this process's memory. Each instance opens its own on the same files, as each has its own
 * connection. It is the reference for the promises of such a store, and simulations of several instances run on it.
 */
import type { Clock } from "../../env/clock.ts";
import { byteLength } from "../../env/bytes.ts";
import { laneOf } from "../lane-of.ts";
import { MemoryLane } from "./lane.ts";
import { MemoryMembers } from "./members.ts";
import { activeIds, applyEntry, createAll, emptyRows, extendOne, type MemoryRows, removeOne, sweepRows } from "./rows.ts";
import { MemoryReads } from "./reads.ts";
import { FIRST_LEVEL, LEVEL } from "../../workflow/execution/level.ts";
import { TEXT_BYTES_MAX } from "../refusal.ts";
import type { Claim, LaneCommand, LaneView, Member, MemberView, Offer, OfferView, OutboxEntry } from "../shared-store.ts";
import type { Extension, OutboxListener, OutboxPointer, Renewal, Sent, SharedStore, StoredCommand, Taken } from "../shared-store.ts";
import type { Commit, CommitAnswer, CommitEntry, CreateAnswer, EntryAnswer, Lease, NewExecution, Retention, Summary } from "../store.ts";
import { type Told, toldOf, toldOfExtension } from "../told.ts";

/** The data that outlives the stores opened on it. */
export type SharedMemoryFiles = MemoryRows & {
  readonly lanes: readonly MemoryLane[];
  readonly members: MemoryMembers;
  readonly onRestart: Set<(lanes: readonly number[]) => void>;
};

export type SharedMemoryOptions = {
  readonly files: SharedMemoryFiles;
  /** The store's own clock. */
  readonly clock: Clock;
  /** Whether events are published, so that each commit and create leaves an entry for the relay. */
  readonly outbox?: boolean;
  readonly textBytesMax?: number;
  /** The level of this build. */
  readonly level?: number;
};

export function emptySharedMemory(lanes: number): SharedMemoryFiles {
  return {
    ...emptyRows(),
    lanes: Array.from({ length: lanes }, (_, lane) => new MemoryLane(lane)),
    members: new MemoryMembers(),
    onRestart: new Set(),
  };
}

/** Opens a store. Answers come in a later microtask. */
export function openSharedMemoryStore(options: SharedMemoryOptions): SharedStore {
  return new SharedMemoryStore(options);
}

class SharedMemoryStore extends MemoryReads<SharedMemoryFiles> implements SharedStore {
  readonly lanes: number;
  readonly #clock: Clock;
  readonly #outbox: boolean;
  readonly #textBytesMax: number;
  readonly #onOutbox = new Set<OutboxListener>();
  readonly #level: number;
  /** The level in use, as the last beat told it. */
  #inUse = FIRST_LEVEL;

  constructor({ files, clock, outbox = true, textBytesMax = TEXT_BYTES_MAX, level = LEVEL }: SharedMemoryOptions) {
    super(files);
    this.#level = level;
    this.lanes = files.lanes.length;
    this.#clock = clock;
    this.#outbox = outbox;
    this.#textBytesMax = textBytesMax;
  }

  laneOf(executionId: string): number {
    return laneOf(executionId, this.lanes);
  }

  async acquire(lane: number, bootId: string): Promise<Lease> {
    return this.#lane(lane).seize(bootId, this.#nowMs());
  }

  async commit(at: number, commit: Commit): Promise<CommitAnswer> {
    const lane = this.#lane(at);
    const verdict = lane.judge(commit.id);
    if (verdict === "again" && lane.lastAnswer !== null) return lane.lastAnswer;
    if (verdict !== "next") return { type: "fenced" };
    const entries: EntryAnswer[] = [];
    const applied: CommitEntry[] = [];
    for (const entry of commit.entries) {
      const answer = applyEntry(this.open(), entry, this.#textBytesMax);
      entries.push(answer);
      if (answer.type !== "applied") continue;
      applied.push(entry);
      lane.answered(entry.receipts ?? [], this.#nowMs());
    }
    lane.answered(commit.receipts ?? [], this.#nowMs());
    this.#publish(lane, applied, commit.id.epoch);
    const answer: CommitAnswer = { type: "done", entries };
    lane.committed(commit.id, commit.cleanEnd, answer);
    return answer;
  }

  async create(batch: readonly NewExecution[]): Promise<readonly CreateAnswer[]> {
    const answers = createAll(this.open(), batch, this.#textBytesMax);
    const created = batch.filter((_, at) => answers[at] === "created");
    for (const [lane, those] of Map.groupBy(created, ({ summary }) => this.#lane(this.laneOf(summary.id)))) {
      lane.countCreated(those.filter(({ summary }) => summary.triggeredAtMs !== null).length);
      this.#publish(lane, toldOf(those), lane.epoch);
    }
    return answers;
  }

  async extend(extension: Extension): Promise<boolean> {
    const lane = this.#lane(this.laneOf(extension.summary.id));
    if (!extendOne(this.open(), extension)) return false;
    lane.countCreated(1);
    this.#publish(lane, toldOfExtension(extension), lane.epoch);
    return true;
  }

  async active(lane: number): Promise<readonly string[]> {
    return activeIds(this.open(), (id) => this.laneOf(id) === lane);
  }

  async remove(execution: Pick<Summary, "id" | "createdAtMs">): Promise<boolean> {
    if (this.#lane(this.laneOf(execution.id)).isOutgoing(execution.id)) return false;
    removeOne(this.open(), execution);
    return true;
  }

  async sweep(retention: Retention): Promise<number> {
    return sweepRows(this.open(), retention, (id) => this.#lane(this.laneOf(id)).isOutgoing(id));
  }

  onRestart(listener: (lanes: readonly number[]) => void): () => void {
    const { onRestart } = this.open();
    onRestart.add(listener);
    return () => void onRestart.delete(listener);
  }

  async warnings(): Promise<readonly string[]> {
    return [];
  }

  async full(): Promise<string | null> {
    this.open();
    return null;
  }

  async takeLease(lane: number, bootId: string, ttlMs: number, seenEpoch = 0): Promise<Taken> {
    this.#assertLevel();
    const nowMs = this.#nowMs();
    return this.#lane(lane).take(bootId, ttlMs, nowMs, Math.max(Math.floor(nowMs), seenEpoch + 1));
  }

  async renew(leases: readonly Lease[], ttlMs: number): Promise<readonly Renewal[]> {
    return leases.map((lease) => this.#lane(lease.lane).renew(lease, ttlMs, this.#nowMs()));
  }

  async release(lease: Lease): Promise<void> {
    this.#lane(lease.lane).release(lease, this.#nowMs());
  }

  async leases(): Promise<readonly LaneView[]> {
    return this.open().lanes.map((lane) => lane.view(this.#nowMs()));
  }

  async beat(member: Member, ttlMs: number): Promise<readonly MemberView[]> {
    this.#assertLevel();
    const { members } = this.open();
    this.#inUse = members.level;
    return members.beat(member, this.#level, ttlMs, this.#nowMs());
  }

  nowMs(): number {
    return this.#nowMs();
  }

  level(): number {
    return this.#inUse;
  }

  async raiseLevel(level: number): Promise<boolean> {
    return this.open().members.raise(level, this.#nowMs());
  }

  async leave(bootId: string): Promise<void> {
    this.open().members.leave(bootId);
  }

  async send(command: LaneCommand): Promise<Sent> {
    return this.#lane(this.laneOf(command.execution)).send(command, this.#nowMs());
  }

  async commandsAfter(lane: number, position: number, limit: number): Promise<readonly StoredCommand[]> {
    return this.#lane(lane).commandsAfter(position, limit);
  }

  async receiptOf(executionId: string, commandId: string): Promise<string | null> {
    return this.#lane(this.laneOf(executionId)).receiptOf(commandId, this.#nowMs());
  }

  onOutbox(listener: OutboxListener): () => void {
    this.#onOutbox.add(listener);
    return () => void this.#onOutbox.delete(listener);
  }

  async outbox(lane: number, limit: number): Promise<readonly OutboxEntry[]> {
    return this.#lane(lane).outbox(limit);
  }

  async relayed(lane: number, ids: readonly string[]): Promise<void> {
    this.#lane(lane).relayed(ids);
  }

  async offer(lease: Lease, offers: readonly Offer[], number: number): Promise<"offered" | "fenced"> {
    return this.#lane(lease.lane).offer(lease, offers, number);
  }

  async offersIn(lane: number, ids?: readonly string[]): Promise<readonly OfferView[]> {
    return this.#lane(lane).offers(ids);
  }

  async claim(lane: number, claim: Claim): Promise<readonly Offer[]> {
    this.#assertLevel();
    return this.#lane(lane).claim(claim);
  }

  async withdraw(lease: Lease, ids: readonly string[]): Promise<readonly OfferView[] | "fenced"> {
    return this.#lane(lease.lane).withdraw(lease, ids);
  }

  async discard(lane: number, ids: readonly string[]): Promise<void> {
    this.#lane(lane).discard(ids);
  }

  async heldClaims(lane: number, bootId: string, ids: readonly string[]): Promise<readonly string[]> {
    return this.#lane(lane).heldClaims(bootId, ids);
  }

  #publish(lane: MemoryLane, entries: readonly Told[], epoch: number): void {
    if (!this.#outbox) return;
    const pointers = entries.map(({ summary, chunk }): OutboxPointer => {
      return { execution: summary.id, from: chunk.from, to: chunk.to, epoch, status: summary.status, closed: summary.closed };
    });
    const texts = entries.map(({ chunk }) => chunk.text);
    const bytes = texts.reduce((sum, text) => sum + byteLength(text), 0);
    const written = lane.publish(pointers, bytes);
    if (written === null) return;
    for (const listener of this.#onOutbox) listener(lane.lane, written.entry, written.after, texts);
  }

  #lane(lane: number): MemoryLane {
    const found = this.open().lanes[lane];
    if (found === undefined) throw new RangeError(`There is no lane ${lane}: the store has ${this.lanes}.`);
    return found;
  }

  #assertLevel(): void {
    this.open().members.assertLevel(this.#level);
  }

  #nowMs(): number {
    return this.#clock.nowMs();
  }
}

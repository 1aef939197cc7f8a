/** One execution's attempts in hand: the table, which outlives each supervisor that works on it. */
import type { Turns } from "../../env/turns.ts";
import { Entries } from "./entries.ts";
import { type Entry, type EntryOwner, isElsewhere, type Line } from "../dispatch/entry.ts";
import { type AttachedTable, Attachment } from "./attachment.ts";
import type { Attempt, AttemptKey, ExecutionRef, ExecutionAttempts, AttemptListener, Outcome, Report } from "../pool.ts";
import { reportFailure } from "../dispatch/report.ts";

/** The pool, as its tables need it. */
export type AttemptTableKeeper = {
  readonly turns: Turns;
  /** The line in which an attempt waits to run. */
  lineOf(attempt: Attempt): Line;
  /** The number of a new, open entry; null if nothing new begins any more. */
  open(): number | null;
  /** Opens an entry from outside again; false if nothing begins any more. */
  reopened(): boolean;
  /** An open entry has its outcome, was taken back, or went outside. */
  closed(): void;
  /** Changes the number of entries of this line that are outside. */
  wentOutside(change: 1 | -1, line: Line): void;
  /** An attempt that other instances have, or are offered, is settled. */
  settled(key: AttemptKey): void;
  /** Nobody wants an attempt outside any more. `aborted`: not even where it is claimed. */
  unwanted(key: AttemptKey, aborted: boolean): void;
  /** Nobody is attached to the table, and it is empty. */
  dropped(table: AttemptTable): void;
  readonly report: Report;
};

export class AttemptTable implements EntryOwner, AttachedTable {
  readonly execution: ExecutionRef;
  readonly #keeper: AttemptTableKeeper;
  readonly #entries = new Entries();
  /** The number of entries that are here and have no outcome. */
  #open = 0;
  #listener: AttemptListener | null = null;
  /** Whether a new listener is still being told. It is told in a turn of its own. */
  #replaying = false;

  constructor(execution: ExecutionRef, keeper: AttemptTableKeeper) {
    this.execution = execution;
    this.#keeper = keeper;
  }

  get size(): number {
    return this.#entries.size;
  }

  get open(): number {
    return this.#open;
  }

  /** Attaches a listener. Throws if one is attached already. */
  attach(listener: AttemptListener): ExecutionAttempts {
    if (this.#listener !== null) throw new Error(`Execution ${this.execution.id} is attached already: detach first.`);
    this.#listener = listener;
    this.#replaying = this.size > 0;
    if (this.#replaying) this.#keeper.turns.run(() => this.#replay(listener));
    return new Attachment(this, listener);
  }

  detach(listener: AttemptListener): void {
    if (this.#listener !== listener) return;
    this.#listener = null;
    this.#dropIfEmpty();
  }

  start(attempt: Attempt): void {
    const { node } = attempt;
    if (this.#entries.has(node) && this.holds(node, attempt.attempt)) return;
    const order = this.#keeper.open();
    if (order === null) return;
    const entry = this.#enter(attempt, order, null);
    this.#open += 1;
    entry.line.add(entry);
  }

  watch(node: number, attempt: number, executor: string, nodeId = ""): void {
    if (this.#entries.find(node, attempt) === undefined) this.#enter({ ...NOTHING_TO_RUN, node, nodeId, attempt }, 0, executor);
  }

  /** The executor is dead, and with it what it ran for the execution. */
  executorDied(bootId: string): void {
    for (const entry of this.#entries.all()) if (entry.executor === bootId) this.ended(entry, { type: "lost", death: true });
  }

  #enter(attempt: Attempt, order: number, executor: string | null): Entry {
    const entry: Entry = {
      attempt,
      table: this,
      order,
      line: this.#keeper.lineOf(attempt),
      place: null,
      slot: 0,
      beganAtMs: 0,
      ranLong: false,
      stop: null,
      outcome: null,
      outside: false,
      executor,
      forgotten: false,
    };
    this.#entries.add(entry);
    return entry;
  }

  settle(node: number, attempt: number): void {
    const settled = this.#entries.find(node, attempt);
    const isHere = settled !== undefined && !isElsewhere(settled);
    // Also attempts that nobody here waits for: an earlier owner may have offered one, and the next owner would wait for a claim that
    // stands.
    if (!isHere || settled.outcome === null) this.#keeper.settled({ execution: this.execution.id, node, attempt });
    if (settled === undefined || (isHere && settled.outcome === null)) return;
    this.#remove(settled);
    this.#dropIfEmpty();
  }

  holds(node: number, attempt: number): boolean {
    return this.#entries.find(node, attempt) !== undefined;
  }

  nodeId(node: number, attempt: number): string | null {
    return this.#entries.find(node, attempt)?.attempt.nodeId || null;
  }

  takeBack(): number {
    for (const entry of this.#entries.all()) {
      if (entry.outside) this.#keeper.unwanted(this.#keyOf(entry), false);
      else if (this.#takenBack(entry)) {
        this.#remove(entry);
        this.#closed();
      }
    }
    return this.size;
  }

  begun(): ReturnType<ExecutionAttempts["begun"]> {
    const here = this.#entries.all().filter((entry) => !isElsewhere(entry));
    return here.map(({ attempt: { node, attempt }, beganAtMs }) => ({ node, attempt, beganAtMs }));
  }

  giveBack(): void {
    for (const entry of this.#entries.all()) if (this.#takenBack(entry)) this.ended(entry, RELEASED);
  }

  abort(message: string): void {
    this.#stop(message);
    const elsewhere = this.#entries.all().filter((entry) => entry.outcome === null && isElsewhere(entry));
    for (const entry of elsewhere) this.#keeper.unwanted(this.#keyOf(entry), true);
  }

  abortOne(node: number, attempt: number, message: string): void {
    const entry = this.#entries.find(node, attempt);
    if (entry === undefined || entry.outcome !== null) return;
    if (isElsewhere(entry)) this.#keeper.unwanted(this.#keyOf(entry), true);
    else if (this.#takenBack(entry)) this.ended(entry, RELEASED);
    else entry.line.stop([entry], message);
  }

  leaveOthers(): void {
    const others = this.#entries.all().filter(isElsewhere);
    for (const entry of others) this.#remove(entry);
    if (others.length === 0) return;
    this.#tell(this.#listener, null);
    this.#dropIfEmpty();
  }

  /** Ends the grace period of a clean end: what still runs here is told to stop, and reported as released. */
  release(): void {
    this.#stop("The instance is ending.");
    for (const entry of this.#entries.all()) if (!isElsewhere(entry)) this.ended(entry, RELEASED);
  }

  /** Takes out an open entry that is offered to other instances. */
  leave(entry: Entry): void {
    entry.outside = true;
    this.#keeper.wentOutside(1, entry.line);
    this.#closed();
  }

  /** Lets an entry that was outside wait here again; null if it is not outside, or if nothing begins any more. */
  comeBack(node: number, attempt: number): Entry | null {
    const entry = this.#entries.find(node, attempt);
    if (entry === undefined || !entry.outside) return null;
    if (!this.#keeper.reopened()) {
      this.forget(node, attempt);
      return null;
    }
    this.#notOutside(entry);
    entry.line = this.#keeper.lineOf(entry.attempt);
    this.#open += 1;
    return entry;
  }

  /** Marks an entry as claimed; false if it is not outside. */
  claimed(node: number, attempt: number, executor: string, atMs: number): boolean {
    const entry = this.#entries.find(node, attempt);
    if (entry === undefined || !entry.outside) return false;
    this.#notOutside(entry);
    entry.executor = executor;
    entry.beganAtMs = atMs;
    this.began(entry);
    return true;
  }

  /** Drops an entry that is elsewhere, without an outcome. */
  forget(node: number, attempt: number): void {
    const entry = this.#entries.find(node, attempt);
    if (entry === undefined || !isElsewhere(entry)) return;
    this.#remove(entry);
    this.#tell(this.#listener, null);
    this.#dropIfEmpty();
  }

  began(entry: Entry): void {
    entry.ranLong = true;
    if (entry.outcome === null && !this.#replaying) this.#tell(this.#listener, entry);
  }

  /** Notes an outcome. The first one counts; what a host says late of a released attempt does not. */
  ended(entry: Entry, outcome: Outcome): void {
    if (entry.outcome !== null) return;
    entry.outcome = outcome;
    reportFailure(this.#keeper.report, entry, outcome);
    entry.place = null;
    if (entry.executor === null) this.#closed();
    if (!this.#replaying) this.#tell(this.#listener, entry);
  }

  #replay(listener: AttemptListener): void {
    if (this.#listener !== listener) return;
    this.#replaying = false;
    for (const entry of this.#entries.all()) if (entry.outcome !== null || entry.ranLong) this.#tell(this.#listener, entry);
  }

  /** Tells a listener. `entry`: null if one went without an outcome. */
  #tell(listener: AttemptListener | null, entry: Entry | null): void {
    if (listener === null) return;
    try {
      if (entry === null) return listener.returned();
      const { node, attempt } = entry.attempt;
      if (entry.outcome === null) listener.began(node, attempt, entry.beganAtMs, entry.executor);
      else listener.ended(node, attempt, entry.beganAtMs, entry.outcome);
    } catch (error) {
      this.#keeper.report(`The listener of execution ${this.execution.id} threw: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }

  #stop(message: string): void {
    const placed = this.#entries.all().filter((entry) => entry.place !== null);
    for (const [line, entries] of Map.groupBy(placed, (entry) => entry.line)) line.stop(entries, message);
  }

  /** Takes an attempt back. Returns true if it had not begun here, and now never will. */
  #takenBack(entry: Entry): boolean {
    return entry.outcome === null && !isElsewhere(entry) && entry.line.takeBack(entry);
  }

  #closed(): void {
    this.#open -= 1;
    this.#keeper.closed();
  }

  #notOutside(entry: Entry): void {
    entry.outside = false;
    this.#keeper.wentOutside(-1, entry.line);
  }

  #keyOf({ attempt: { node, attempt } }: Entry): AttemptKey {
    return { execution: this.execution.id, node, attempt };
  }

  #remove(entry: Entry): void {
    if (entry.outside) this.#notOutside(entry);
    this.#entries.remove(entry);
  }

  #dropIfEmpty(): void {
    if (this.size === 0 && this.#listener === null) this.#keeper.dropped(this);
  }
}

const RELEASED: Outcome = { type: "released" };

/** The rest of an attempt that another instance runs: only its node and number are known here. */
const NOTHING_TO_RUN: Omit<Attempt, "node" | "attempt"> = {
  nodeId: "",
  handler: "",
  config: null,
  fromTrigger: [],
  scope: [],
  parents: [],
  params: null,
  runtime: null,
  timeoutMs: 0,
  priority: 0,
  suspect: false,
  limits: null,
};

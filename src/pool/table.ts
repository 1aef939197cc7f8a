/** One execution's attempts in hand: the table that outlives a supervisor, and the Hands through which one works on it. */
import type { Turns } from "../env/turns.ts";
import type { Crew } from "./crew.ts";
import type { Entry, EntryOwner } from "./entry.ts";
import type { Attempt, Hands, HandsListener, Outcome } from "./pool.ts";
import type { ExecutionName } from "./work.ts";

/** What tables need of the pool that they are in. */
export type TableKeeper = {
  readonly turns: Turns;
  /** Where an attempt runs. */
  crewOf(attempt: Attempt): Crew;
  /** Numbers an entry that is new and open; null where nothing new begins any more. */
  open(): number | null;
  /** An open entry has its outcome, or was taken back. */
  closed(): void;
  /** Nobody is attached and nothing is in it. */
  dropped(table: Table): void;
  /** A sentence for the log. */
  report(sentence: string): void;
};

export class Table implements EntryOwner {
  readonly execution: ExecutionName;
  readonly #keeper: TableKeeper;
  /** By node (a Map took eight times as long). A node has one entry, and rarely another of an earlier attempt that is not settled yet. */
  readonly #entries: (Entry | readonly Entry[] | undefined)[] = [];
  #size = 0;
  #listener: HandsListener | null = null;
  /** What a new listener has not been told yet is told in a turn of its own. */
  #replaying = false;

  constructor(execution: ExecutionName, keeper: TableKeeper) {
    this.execution = execution;
    this.#keeper = keeper;
  }

  get size(): number {
    return this.#size;
  }

  /** Throws where somebody is attached already. */
  attach(listener: HandsListener): Hands {
    if (this.#listener !== null) throw new Error(`Execution ${this.execution.id} is attached already: detach first.`);
    this.#listener = listener;
    this.#replaying = this.#size > 0;
    if (this.#replaying) this.#keeper.turns.run(() => this.#replay(listener));
    return new TableHands(this, listener);
  }

  detach(listener: HandsListener): void {
    if (this.#listener !== listener) return;
    this.#listener = null;
    this.#dropIfEmpty();
  }

  start(attempt: Attempt): void {
    const there = this.#entries[attempt.node];
    if (there !== undefined && this.find(attempt.node, attempt.attempt) !== undefined) return;
    const order = this.#keeper.open();
    if (order === null) return;
    const entry = this.#enter(attempt, order, null);
    this.#keeper.crewOf(attempt).add(entry);
  }

  watch(node: number, attempt: number, executor: string): void {
    if (this.find(node, attempt) === undefined) this.#enter({ ...NOTHING_TO_RUN, node, attempt }, 0, executor);
  }

  /** What that instance ran for the execution is gone with it. */
  executorDied(bootId: string): void {
    for (const entry of this.#all()) if (entry.executor === bootId) this.ended(entry, { type: "lost", death: true });
  }

  #enter(attempt: Attempt, order: number, executor: string | null): Entry {
    const entry: Entry = {
      attempt,
      table: this,
      order,
      place: null,
      cell: 0,
      beganAtMs: 0,
      ranLong: false,
      stop: null,
      outcome: null,
      executor,
      forgotten: false,
    };
    const there = this.#entries[attempt.node];
    this.#entries[attempt.node] = there === undefined ? entry : [...entriesIn(there), entry];
    this.#size += 1;
    return entry;
  }

  settle(node: number, attempt: number): void {
    const settled = this.find(node, attempt);
    if (settled === undefined || (settled.outcome === null && settled.executor === null)) return;
    this.#remove(settled);
    this.#dropIfEmpty();
  }

  find(node: number, attempt: number): Entry | undefined {
    const there = this.#entries[node];
    if (there === undefined) return undefined;
    if (!("attempt" in there)) return there.find((entry) => entry.attempt.attempt === attempt);
    return there.attempt.attempt === attempt ? there : undefined;
  }

  takeBack(): number {
    for (const entry of this.#all()) {
      if (entry.outcome !== null || entry.executor !== null || !this.#keeper.crewOf(entry.attempt).takeBack(entry)) continue;
      this.#remove(entry);
      this.#keeper.closed();
    }
    return this.#size;
  }

  begun(): ReturnType<Hands["begun"]> {
    const here = this.#all().filter(({ executor }) => executor === null);
    return here.map(({ attempt: { node, attempt }, beganAtMs }) => ({ node, attempt, beganAtMs }));
  }

  abort(message: string): void {
    const placed = this.#all().filter((entry) => entry.place !== null);
    for (const [crew, entries] of Map.groupBy(placed, (entry) => this.#keeper.crewOf(entry.attempt))) crew.stop(entries, message);
  }

  /** The end of a clean end's grace: what still runs is told to stop, and told as released. */
  release(): void {
    this.abort("The instance is ending.");
    for (const entry of this.#all()) if (entry.executor === null) this.ended(entry, { type: "released" });
  }

  began(entry: Entry): void {
    entry.ranLong = true;
    if (entry.outcome === null && !this.#replaying) this.#tell(this.#listener, entry);
  }

  /** The first outcome counts; a host's late word on what was released already does not. */
  ended(entry: Entry, outcome: Outcome): void {
    if (entry.outcome !== null) return;
    entry.outcome = outcome;
    entry.place = null;
    if (entry.executor === null) this.#keeper.closed();
    if (!this.#replaying) this.#tell(this.#listener, entry);
  }

  #replay(listener: HandsListener): void {
    if (this.#listener !== listener) return;
    this.#replaying = false;
    for (const entry of this.#all()) if (entry.outcome !== null || entry.ranLong) this.#tell(this.#listener, entry);
  }

  #tell(listener: HandsListener | null, entry: Entry): void {
    if (listener === null) return;
    const { node, attempt } = entry.attempt;
    try {
      if (entry.outcome === null) listener.began(node, attempt, entry.beganAtMs, entry.executor);
      else listener.ended(node, attempt, entry.beganAtMs, entry.outcome);
    } catch (error) {
      this.#keeper.report(`The listener of execution ${this.execution.id} threw: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }

  /** A copy: what is told may change the table. */
  #all(): readonly Entry[] {
    return this.#size === 0 ? NOBODY : this.#entries.flatMap((there) => (there === undefined ? NOBODY : entriesIn(there)));
  }

  #remove(entry: Entry): void {
    const { node } = entry.attempt;
    const there = this.#entries[node];
    const others = there === entry || there === undefined ? NOBODY : entriesIn(there).filter((other) => other !== entry);
    this.#entries[node] = others.length === 0 ? undefined : others;
    this.#size -= 1;
  }

  #dropIfEmpty(): void {
    if (this.#size === 0 && this.#listener === null) this.#keeper.dropped(this);
  }
}

class TableHands implements Hands {
  readonly #table: Table;
  readonly #listener: HandsListener;
  #attached = true;

  constructor(table: Table, listener: HandsListener) {
    this.#table = table;
    this.#listener = listener;
  }

  get size(): number {
    return this.#table.size;
  }

  start(attempt: Attempt): void {
    if (!this.#attached) throw new Error(`Execution ${this.#table.execution.id} is detached: attach before the next start.`);
    this.#table.start(attempt);
  }

  watch(node: number, attempt: number, executor: string): void {
    this.#table.watch(node, attempt, executor);
  }

  holds(node: number, attempt: number): boolean {
    return this.#table.find(node, attempt) !== undefined;
  }

  settle(node: number, attempt: number): void {
    this.#table.settle(node, attempt);
  }

  takeBack(): number {
    return this.#table.takeBack();
  }

  begun(): ReturnType<Hands["begun"]> {
    return this.#table.begun();
  }

  abort(reason: string): void {
    this.#table.abort(reason);
  }

  detach(): void {
    if (!this.#attached) return;
    this.#attached = false;
    this.#table.detach(this.#listener);
  }
}

const NOBODY: readonly Entry[] = [];

/** Of an attempt that another instance runs, only its node and number are known here. */
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
};

function entriesIn(there: Entry | readonly Entry[]): readonly Entry[] {
  return "attempt" in there ? [there] : there;
}

/** The actor system: actors by id, each in its cell, started on demand. */
import type { Actor } from "./actor.ts";
import { Cell, type CellKeeper, type CellOptions } from "./cell.ts";

export class ActorSystem<M, A extends Actor<M> = Actor<M>> implements CellKeeper<M, A> {
  readonly options: CellOptions<M, A>;
  readonly #cells = new Map<string, Cell<M, A>>();
  #idleWaiters: (() => void)[] = [];
  #looking = false;
  #stopped = false;

  constructor(options: CellOptions<M, A>) {
    this.options = options;
  }

  /** Starts the actor if it is not there yet. */
  wake(id: string): void {
    if (!this.#stopped && !this.#cells.has(id)) this.#add(id).start();
  }

  /** Starts the actor, and resolves when it has started, or is gone or stalled. */
  ensure(id: string): Promise<void> {
    this.wake(id);
    return this.#cells.get(id)?.whenStarted() ?? Promise.resolve();
  }

  /** Tells the actor, and starts it if needed. False: its mailbox is full, it is stalled, or the system stops. */
  tell(id: string, message: M): boolean {
    if (this.#stopped) return false;
    const there = this.#cells.get(id);
    if (there !== undefined) return !there.isStalled && there.mailbox.tell(message);
    const cell = this.#add(id);
    // First, so that the sender is told why an actor is not there.
    const told = cell.mailbox.tell(message);
    cell.start();
    return told;
  }

  has(id: string): boolean {
    return this.#cells.has(id);
  }

  /** The actor itself, for what may be read of it; null while it starts, and if it is stalled or not there. */
  actor(id: string): A | null {
    return this.#cells.get(id)?.actor ?? null;
  }

  isStalled(id: string): boolean {
    return this.#cells.get(id)?.isStalled === true;
  }

  /** It is stalled for as long as this build has it: nothing of it has begun here. */
  isLeftAlone(id: string): boolean {
    return this.#cells.get(id)?.isLeftAlone === true;
  }

  /** Something of it may have begun here. */
  get hasStalled(): boolean {
    return this.#cells.values().some(({ isStalled, isLeftAlone }) => isStalled && !isLeftAlone);
  }

  ids(): readonly string[] {
    return [...this.#cells.keys()];
  }

  get size(): number {
    return this.#cells.size;
  }

  /** Stops actors that are another instance's now, at once, also in the middle of a batch. */
  drop(ids: readonly string[]): void {
    for (const id of ids) this.#cells.get(id)?.remove("moved");
  }

  /** Starts every stalled actor again. */
  sweep(): void {
    for (const cell of this.#cells.values()) cell.sweep();
  }

  /** Resolves when no actor starts and no mailbox holds a message. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
      this.settled();
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const cell of [...this.#cells.values()]) cell.remove("stopped");
  }

  removed(cell: Cell<M, A>): void {
    if (this.#cells.get(cell.id) === cell) this.#cells.delete(cell.id);
  }

  /** Looks once in a turn, however many actors have something to tell. */
  settled(): void {
    if (this.#idleWaiters.length === 0 || this.#looking) return;
    this.#looking = true;
    this.options.turns.run(() => {
      this.#looking = false;
      this.#lookForWork();
    });
  }

  #lookForWork(): void {
    for (const cell of this.#cells.values()) if (cell.isBusy) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #add(id: string): Cell<M, A> {
    const cell = new Cell<M, A>(id, this);
    this.#cells.set(id, cell);
    return cell;
  }
}

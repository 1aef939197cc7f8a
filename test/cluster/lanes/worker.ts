/**
 * The work on lanes in a simulated world: it keeps each execution's sequence in memory, as a supervisor keeps its state,
 * and writes to those of its lanes again and again. Whoever's memory is older than the log is caught by a conflict.
 */
import type { Ownership } from "../../../src/cluster/ownership.ts";
import type { LaneWork, OwnedLane } from "../../../src/cluster/owned-lane.ts";
import type { Clock } from "../../../src/env/clock.ts";
import type { SharedStore } from "../../../src/store/shared-store.ts";
import { entryAfter } from "../../store/made.ts";

type Memory = { readonly ownedLane: OwnedLane; sequence: number; writing: Promise<void> };

const WRITE_EVERY_MS = 300;

export class Worker implements LaneWork {
  /** `id`s in the order in which they were adopted for the first time under a lease. */
  readonly adopted: string[] = [];
  readonly dropped: { readonly lane: number; readonly why: "lost" | "again" }[] = [];
  readonly handedOver: number[] = [];
  readonly looked: number[] = [];
  /** By execution: whose death it was adopted after. */
  readonly deaths = new Map<string, string>();
  sweeps = 0;
  /** How long it takes to take up an execution. */
  adoptingMs = 0;
  adoptionsBegun = 0;
  /** Whether a hand-over accounts for everything. */
  accounts = true;
  dead = false;
  ending = false;
  readonly #parts;
  readonly #memory = new Map<string, Memory>();
  #ownership: Ownership | null = null;

  constructor(parts: {
    readonly name: string;
    readonly store: SharedStore;
    readonly truth: SharedStore;
    readonly clock: Clock;
    readonly broken: string[];
  }) {
    this.#parts = parts;
  }

  begin(ownership: Ownership): this {
    this.#ownership = ownership;
    const write = (): void => {
      for (const [id, memory] of this.#memory) {
        memory.writing = memory.writing.then(async () => void (await this.#write(id, memory)));
      }
      this.#parts.clock.after(WRITE_EVERY_MS, write);
    };
    this.#parts.clock.after(WRITE_EVERY_MS, write);
    return this;
  }

  has(id: string): boolean {
    return this.#memory.has(id);
  }

  async adopt(id: string): Promise<void> {
    const { store, clock, name, broken } = this.#parts;
    const lane = store.laneOf(id);
    const ownedLane = this.#ownership?.ownedLaneOf(lane) ?? null;
    if (ownedLane === null || this.#memory.get(id)?.ownedLane === ownedLane) return;
    if (this.#memory.has(id)) broken.push(`${name} adopts ${id} twice: lane ${lane} was neither dropped nor handed over between`);
    this.adoptionsBegun += 1;
    if (this.adoptingMs > 0) await new Promise<void>((resolve) => clock.after(this.adoptingMs, resolve));
    const memory: Memory = { ownedLane, sequence: 0, writing: Promise.resolve() };
    this.#memory.set(id, memory);
    for (;;) {
      try {
        const summary = await store.summary(id);
        memory.sequence = summary?.sequence ?? 0;
        break;
      } catch {
        await new Promise<void>((resolve) => clock.after(50, resolve));
      }
    }
    if (this.#memory.get(id) !== memory) return;
    this.adopted.push(id);
    const died = this.#ownership?.deaths.bootIdOf(id) ?? null;
    if (died === null) return;
    this.deaths.set(id, died);
    memory.writing = memory.writing.then(async () => {
      if (await this.#write(id, memory)) this.#ownership?.deaths.recorded(id);
    });
    await memory.writing;
  }

  sweep(): void {
    this.sweeps += 1;
  }

  look(lane: number): void {
    this.looked.push(lane);
  }

  async handOver(lane: number): Promise<boolean> {
    this.handedOver.push(lane);
    const mine = [...this.#memory].filter(([id]) => this.#parts.store.laneOf(id) === lane);
    await Promise.all(mine.map(([, { writing }]) => writing));
    for (const [id, memory] of mine) if (this.#memory.get(id) === memory) this.#memory.delete(id);
    return this.accounts;
  }

  drop(lane: number, why: "lost" | "again"): void {
    this.dropped.push({ lane, why });
    for (const id of this.#memory.keys()) if (this.#parts.store.laneOf(id) === lane) this.#memory.delete(id);
  }

  /** As a supervisor does: decide only while trusted, commit, and complain where the log is not where it was. True where it is written. */
  async #write(id: string, memory: Memory): Promise<boolean> {
    const { name, broken } = this.#parts;
    if (this.dead || this.#memory.get(id) !== memory || memory.sequence === 0) return false;
    if (!memory.ownedLane.trusted() && !(await memory.ownedLane.regained())) return false;
    const result = await memory.ownedLane.committer.submit(entryAfter(memory.sequence, id, { triggeredAtMs: 1_000 }));
    if (result.type === "applied") memory.sequence += 1;
    else if (result.type !== "fenced") broken.push(`${name} wrote ${id} after ${memory.sequence}, and the log was elsewhere`);
    return result.type === "applied";
  }
}

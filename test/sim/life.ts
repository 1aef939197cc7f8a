/** One instance's share of a simulated world: it can end as by `kill -9`, and be paused. */
import type { Clock } from "../../src/env/clock.ts";
import type { Ids } from "../../src/env/ids.ts";
import type { Turns } from "../../src/env/turns.ts";
import type { Seeded, World } from "./world.ts";

export class Life implements Clock, Turns, Ids {
  readonly #world: World;
  alive = true;
  /** What has come due while it was paused; null while it is not. */
  #held: (() => void)[] | null = null;
  #timers = 0;

  constructor(world: World) {
    this.#world = world;
  }

  get random(): Seeded {
    return this.#world.random;
  }

  nowMs(): number {
    return this.#world.nowMs();
  }

  monotonicMs(): number {
    return this.#world.monotonicMs();
  }

  next(): string {
    return this.#world.next();
  }

  after(delayMs: number, fire: () => void): () => void {
    let cancelled = false;
    this.#timers += 1;
    const act = (): void => {
      if (cancelled) return;
      end();
      fire();
    };
    // Due while it is paused, a timer may still be cancelled by what comes before it.
    const cancelDue = this.#world.after(delayMs, () => this.act(act));
    const end = (): void => {
      if (!cancelled) this.#timers -= 1;
      cancelled = true;
      cancelDue();
    };
    return end;
  }

  /** How many it waits for. */
  get timers(): number {
    return this.#timers;
  }

  get isPaused(): boolean {
    return this.#held !== null;
  }

  run(turn: () => void): void {
    this.#world.run(() => this.act(turn));
  }

  /** As SIGSTOP: nothing of it happens until `resume`, and time goes on. */
  pause(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const deed of held) this.run(deed);
  }

  /** Now, or when it goes on; not at all where it has ended. */
  act(deed: () => void): void {
    if (this.#held !== null) this.#held.push(deed);
    else if (this.alive) deed();
  }
}

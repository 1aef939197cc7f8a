/** One instance's clock in a simulated world: it can end, as by `kill -9`, or stand still, as by SIGSTOP; then all that was due comes at once. */
import type { Clock } from "../../../src/env/clock.ts";
import type { World } from "../../sim/world.ts";

export class StandingClock implements Clock {
  readonly #world: World;
  isAlive = true;
  #standing = false;
  #waiting: (() => void)[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  nowMs(): number {
    return this.#world.nowMs();
  }

  monotonicMs(): number {
    return this.#world.monotonicMs();
  }

  after(delayMs: number, fire: () => void): () => void {
    let cancelled = false;
    const cancel = this.#world.after(delayMs, () =>
      this.act(() => {
        if (!cancelled) fire();
      }),
    );
    return () => {
      cancelled = true;
      cancel();
    };
  }

  /** Now, or when it goes on. */
  act(deed: () => void): void {
    if (!this.isAlive) return;
    if (this.#standing) this.#waiting.push(deed);
    else deed();
  }

  stand(): void {
    this.#standing = true;
  }

  goOn(): void {
    this.#standing = false;
    for (const deed of this.#waiting.splice(0)) this.act(deed);
  }
}

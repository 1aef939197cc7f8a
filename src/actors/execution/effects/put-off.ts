/** Ready nodes of one execution that the pool does not need yet: they are dispatched as it gets room. */
import type { ExecutionAttempts } from "../../../pool/pool.ts";
import type { NodeIndex } from "../../../workflow/plan/plan.ts";
import type { Ports } from "../ports.ts";
import { Backlog } from "./backlog.ts";

/** The period of looks at them beside the ends of attempts: some attempts leave for other instances without an end here. */
const REFILL_MS = 100;

/** The supervisor whose nodes they are. */
export interface PutOffHost {
  readonly ports: Pick<Ports, "clock" | "pool" | "isOutboxFull">;
  readonly attempts: Pick<ExecutionAttempts, "open">;
  whenTrusted(act: () => void): void;
}

export class PutOff {
  readonly #host: PutOffHost;
  readonly #dispatch: (node: NodeIndex) => void;
  /** The backlog; null if there are none. */
  #backlog: Backlog | null = null;
  #refills = false;

  /** `dispatch` is called when there is room for a node, which may not be wanted any more. */
  constructor(host: PutOffHost, dispatch: (node: NodeIndex) => void) {
    this.#host = host;
    this.#dispatch = dispatch;
  }

  get isEmpty(): boolean {
    return this.#backlog === null;
  }

  add(node: NodeIndex, priority: number): void {
    this.#backlog ??= new Backlog();
    this.#backlog.add(node, priority);
    this.#refillLater();
  }

  /** Dispatches as many nodes as there is room for. Call it only while the lane is trusted. */
  refill(): void {
    const { ports, attempts } = this.#host;
    if (this.#backlog === null || ports.isOutboxFull()) return;
    while (attempts.open < ports.pool.ahead) {
      const node = this.#backlog?.take();
      if (node === undefined) {
        this.#backlog = null;
        return;
      }
      this.#dispatch(node);
    }
  }

  /** Gives each its place by the priority that it has now. */
  reorder(priorityOf: (node: NodeIndex) => number): void {
    if (this.#backlog === null) return;
    const before = this.#backlog;
    this.#backlog = new Backlog();
    for (let node = before.take(); node !== undefined; node = before.take()) this.#backlog.add(node, priorityOf(node));
  }

  clear(): void {
    this.#backlog = null;
  }

  #refillLater(): void {
    if (this.#refills) return;
    this.#refills = true;
    this.#host.ports.clock.after(REFILL_MS, () => {
      this.#refills = false;
      this.#host.whenTrusted(() => {
        if (this.#backlog === null) return;
        this.refill();
        this.#refillLater();
      });
    });
  }
}

/** Ready nodes of one execution whose handler this instance does not have: they wait, QUEUED, until some instance has it. */
import type { ExecutionAttempts } from "../../../pool/pool.ts";
import { at, type ExecutionState } from "../../../workflow/execution/state.ts";
import { NodeCode } from "../../../workflow/execution/status.ts";
import type { Ports } from "../ports.ts";
import type { NodeIndex } from "../../../workflow/plan/plan.ts";

/** The pause before another look at what the pool has no room for. */
const AGAIN_MS = 100;

/** The supervisor whose nodes they are. */
export interface HandlerWaitHost {
  readonly id: string;
  readonly state: ExecutionState;
  readonly ports: Pick<Ports, "handlers" | "clock" | "pool">;
  readonly attempts: Pick<ExecutionAttempts, "open">;
  whenTrusted(act: () => void): void;
}

export class HandlerWait {
  readonly #host: HandlerWaitHost;
  readonly #go: (node: NodeIndex, attempt: number) => void;
  readonly #nodes = new Set<NodeIndex>();
  readonly #unlisten: () => void;
  #looks = false;

  /** `go` dispatches a node again: its handler may be here now, or at another instance, and there is room in the pool. */
  constructor(host: HandlerWaitHost, go: (node: NodeIndex, attempt: number) => void) {
    this.#host = host;
    this.#go = go;
    this.#unlisten = host.ports.handlers.onChange(() => this.#lookIn(0));
  }

  add(node: NodeIndex): void {
    this.#nodes.add(node);
    this.#tell(node);
    if (this.#host.ports.handlers.isElsewhere(this.#host.state.plan.handlers[node] ?? "")) this.#lookIn(AGAIN_MS);
  }

  #tell(node: NodeIndex): void {
    const { id, state, ports } = this.#host;
    ports.handlers.waitsFor(state.plan.handlers[node] ?? "", id, state.plan.ids[node] ?? "");
  }

  stop(): void {
    this.#nodes.clear();
    this.#unlisten();
  }

  /** Whether the pool takes more of what only others can run: half of its room is for what runs here. */
  get hasRoom(): boolean {
    return this.#host.attempts.open * 2 < this.#host.ports.pool.ahead;
  }

  #lookIn(delayMs: number): void {
    if (this.#looks || this.#nodes.size === 0) return;
    this.#looks = true;
    this.#host.ports.clock.after(delayMs, () => {
      this.#looks = false;
      this.#host.whenTrusted(() => this.#look());
    });
  }

  #look(): void {
    const { state, ports } = this.#host;
    const { handlers } = ports;
    let more = false;
    for (const node of [...this.#nodes]) {
      const handler = state.plan.handlers[node] ?? "";
      const isQueued = state.status === "RUNNING" && state.nodeStatus[node] === NodeCode.QUEUED;
      const may = handlers.here().has(handler) || (handlers.isElsewhere(handler) && this.hasRoom);
      if (!isQueued || may) this.#nodes.delete(node);
      else {
        more ||= handlers.isElsewhere(handler);
        this.#tell(node);
      }
      if (isQueued && may) this.#go(node, at(state.attempt, node));
    }
    if (more) this.#lookIn(AGAIN_MS);
  }
}

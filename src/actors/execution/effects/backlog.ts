/**
 * The backlog: ready nodes of one execution for which there is no attempt yet. Each is a number, while an attempt in hand takes some 350
 * bytes.
 */
import type { NodeIndex } from "../../../workflow/plan/plan.ts";

type Line = { readonly nodes: NodeIndex[]; next: number };

/** The backlog, higher priorities first, then in the order of arrival. */
export class Backlog {
  /** Lines by priority; most definitions have one. */
  readonly #lines: (Line | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(node: NodeIndex, priority: number): void {
    this.#lines[priority] ??= { nodes: [], next: 0 };
    this.#lines[priority].nodes.push(node);
    this.#size += 1;
  }

  take(): NodeIndex | undefined {
    for (let priority = this.#lines.length - 1; priority >= 0; priority -= 1) {
      const line = this.#lines[priority];
      if (line === undefined) continue;
      const node = line.nodes[line.next];
      line.next += 1;
      if (line.next === line.nodes.length) this.#lines[priority] = undefined;
      this.#size -= 1;
      return node;
    }
    return undefined;
  }

  clear(): void {
    this.#lines.length = 0;
    this.#size = 0;
  }
}

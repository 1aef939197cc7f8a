/** The handlers that a pool's threads have, and who wants to hear when they change: the one place where that is said. */
import type { Catalog, HandlerInfo } from "../workflow/definition/catalog.ts";

export class ThreadHandlers {
  readonly #listeners = new Set<() => void>();
  /** Null until the first thread has told. */
  #catalog: Catalog | null = null;

  get catalog(): Catalog {
    return this.#catalog ?? NONE;
  }

  /** Until it is known, every handler counts as there. */
  has(name: string): boolean {
    return this.#catalog === null || this.#catalog.has(name);
  }

  /** All threads have these from now on. */
  replace(infos: readonly HandlerInfo[]): void {
    this.#become(new Map(infos.flatMap((info) => info.names.map((name) => [name, info] as const))));
  }

  /** A thread was asked for it and does not have it, whatever was told: nothing more is sent there by that name. */
  miss(name: string): void {
    if (this.#catalog?.has(name) === true) this.#become(new Map([...this.#catalog].filter(([other]) => other !== name)));
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #become(catalog: Catalog): void {
    this.#catalog = catalog;
    for (const listener of [...this.#listeners]) listener();
  }
}

const NONE: Catalog = new Map();

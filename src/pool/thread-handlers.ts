/** The handlers of a pool's threads, and the listeners for changes. They are kept only here. */
import type { Catalog, HandlerInfo } from "../workflow/definition/catalog.ts";

export class ThreadHandlers {
  readonly #listeners = new Set<() => void>();
  /** The catalog; null until the first thread has reported. */
  #catalog: Catalog | null = null;

  get catalog(): Catalog {
    return this.#catalog ?? NONE;
  }

  /** Whether a handler is here. Until that is known, every handler counts as here. */
  has(name: string): boolean {
    return this.#catalog === null || this.#catalog.has(name);
  }

  /** Replaces the handlers of all threads. */
  replace(infos: readonly HandlerInfo[]): void {
    this.#become(new Map(infos.flatMap((info) => info.names.map((name) => [name, info] as const))));
  }

  /** Notes that a thread does not have a handler, whatever was reported: nothing more is sent there by that name. */
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

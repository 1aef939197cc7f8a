/** A listener that remembers what it was told and can be waited for. */
import type { AttemptListener, Outcome } from "../../src/pool/pool.ts";

export type Told = { readonly node: number; readonly attempt: number; readonly beganAtMs: number };
export type ToldBegin = Told & { readonly executor: string | null };
export type ToldEnd = Told & { readonly outcome: Outcome };

/** Below the runner's own limit, so that a wait that fails says what it waited for. */
const PATIENCE_MS = 20_000;

export class Witness implements AttemptListener {
  readonly begins: ToldBegin[] = [];
  readonly ends: ToldEnd[] = [];
  /** How often entries went without an outcome. */
  returns = 0;
  #waits: { readonly fact: () => boolean; readonly resolve: () => void }[] = [];

  began(node: number, attempt: number, beganAtMs: number, executor: string | null): void {
    this.begins.push({ node, attempt, beganAtMs, executor });
    this.#wake();
  }

  ended(node: number, attempt: number, beganAtMs: number, outcome: Outcome): void {
    this.ends.push({ node, attempt, beganAtMs, outcome });
    this.#wake();
  }

  /** Resolves with the end of a node's attempt. */
  async end(node: number, attempt = 1): Promise<ToldEnd> {
    const found = (): ToldEnd | undefined => this.ends.find((end) => end.node === node && end.attempt === attempt);
    await this.#until(() => found() !== undefined, `attempt ${attempt} of node ${node} has ended`);
    return found() as ToldEnd;
  }

  /** Resolves when so many ends were told. */
  async endsOf(count: number): Promise<readonly ToldEnd[]> {
    await this.#until(() => this.ends.length >= count, `${count} attempts have ended`);
    return this.ends;
  }

  /** Resolves when a node's attempt is told to have begun. */
  async begin(node: number): Promise<ToldBegin> {
    const found = (): ToldBegin | undefined => this.begins.find((begin) => begin.node === node);
    await this.#until(() => found() !== undefined, `node ${node} is told to have begun`);
    return found() as ToldBegin;
  }

  returned(): void {
    this.returns += 1;
    this.#wake();
  }

  #wake(): void {
    const waits = this.#waits;
    this.#waits = waits.filter(({ fact }) => !fact());
    for (const { fact, resolve } of waits) if (fact()) resolve();
  }

  async #until(fact: () => boolean, what: string): Promise<void> {
    if (fact()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waits.push({ fact, resolve });
    const told = (): string => JSON.stringify(this.ends.slice(-5));
    const timer = setTimeout(
      () => reject(new Error(`Waited ${PATIENCE_MS} ms until ${what}. The last ends that were told: ${told()}`)),
      PATIENCE_MS,
    );
    await promise.finally(() => clearTimeout(timer));
  }
}

/** A listener to the overflow that remembers what it was told. */
import type { AttemptKey, OverflowListener } from "../../src/pool/pool.ts";

export class OverflowWitness implements OverflowListener {
  surpluses = 0;
  hungers = 0;
  aways = 0;
  readonly settledKeys: AttemptKey[] = [];
  readonly unwantedKeys: (AttemptKey & { readonly aborted: boolean })[] = [];
  #heard: () => void = () => undefined;

  surplus(): void {
    this.surpluses += 1;
    this.#heard();
  }

  away(): void {
    this.aways += 1;
  }

  hungry(): void {
    this.hungers += 1;
    this.#heard();
  }

  settled(key: AttemptKey): void {
    this.settledKeys.push(key);
  }

  unwanted(key: AttemptKey, aborted: boolean): void {
    this.unwantedKeys.push({ ...key, aborted });
  }

  /** Resolves when it is told of a surplus next. */
  nextSurplus(): Promise<void> {
    const told = this.surpluses;
    return new Promise((resolve) => {
      this.#heard = () => {
        if (this.surpluses > told) resolve();
      };
    });
  }
}

/**
 * Definitions that passed the check, by their exact text: a client that sends the same one thousands of times has it checked
 * once. What the check depends on beside the text (limits, defaults, the known handlers) does not change as long as one of these lives.
 */

/** Two generations: what was used since the last change of generations stays, which costs a hit nothing but the look-up. */
export class CheckedDefinitions<Checked extends object> {
  readonly #charactersMax: number;
  #young = new Map<string, Checked>();
  #old = new Map<string, Checked>();
  #youngCharacters = 0;

  /** `charactersMax`: of all kept texts together. A plan takes a few times its text. */
  constructor(charactersMax: number) {
    this.#charactersMax = charactersMax;
  }

  get(text: string): Checked | undefined {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    if (old !== undefined) this.keep(text, old);
    return old;
  }

  keep(text: string, checked: Checked): void {
    const generationMax = this.#charactersMax / 2;
    if (text.length > generationMax) return;
    if (this.#youngCharacters + text.length > generationMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCharacters = 0;
    }
    this.#young.set(text, checked);
    this.#youngCharacters += text.length;
  }
}

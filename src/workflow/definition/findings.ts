/** The problems and warnings of a definition, collected so that all of them are reported at once. */

/**
 * A problem. `path`: its place in the document, such as `dag.nodes.3.retry.max_attempts`; empty for the whole document.
 * `message`: what was expected.
 */
export type Problem = { readonly path: string; readonly message: string };
/** A warning: the definition is accepted, but is probably not what was meant. */
export type Warning = { readonly path: string; readonly message: string };

/** The findings of a kind that are shown. Further ones are only counted. */
const SHOWN_MAX = 50;

/** One list of findings: the first ones in full, and the number of the others in a last line. */
export class Findings {
  readonly #shown: Problem[] = [];
  #count = 0;

  add(path: string, message: string): void {
    if (this.#count++ < SHOWN_MAX) this.#shown.push({ path, message });
  }

  /** Whether nothing more will be shown. */
  get full(): boolean {
    return this.#count >= SHOWN_MAX;
  }

  get any(): boolean {
    return this.#count > 0;
  }

  list(): readonly Problem[] {
    const more = this.#count - this.#shown.length;
    return more === 0 ? this.#shown : [...this.#shown, { path: "", message: `… and ${more} more of this kind.` }];
  }
}

/** A user's value in a message, shortened so that the message stays readable. */
export function excerpt(value: string): string {
  return value.length <= EXCERPT_MAX ? value : `${value.slice(0, EXCERPT_MAX)}…`;
}

const EXCERPT_MAX = 80;

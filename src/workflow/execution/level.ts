/** Levels: each set of words that came together is one. A build knows all words up to its level; a store says which level is in use. */

/** This build's. */
export const LEVEL = 1;

/**
 * Thrown where something stored is in a form that this build does not know, as a sentence: a newer build wrote it. Nothing is
 * made of it here, and nothing is written over it.
 */
export class UnknownForm extends Error {
  override readonly name = "UnknownForm";

  /** `what`: as "The definition is in format 2". */
  constructor(what: string) {
    super(`${what}, which this version of Troupe does not know: a newer one wrote it. Run that version.`);
  }
}

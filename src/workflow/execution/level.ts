/** Levels. The words that came together make one level. A build knows all words up to its level; a store says which level is in use. */

/** The level of builds that tell none, and of stores where none has been noted. */
export const FIRST_LEVEL = 1;

/** The level of this build. A word, a format or a command that it adds needs the level that it has then; what came before keeps its own. */
export const LEVEL = 2;

/**
 * Something stored is in a form that this build does not know: a newer build wrote it. The message is a sentence. Nothing is made of it
 * here, and nothing is written over it.
 */
export class UnknownForm extends Error {
  override readonly name = "UnknownForm";

  /** `what`: the beginning of the sentence, such as "The definition is in format 2". */
  constructor(what: string) {
    super(`${what}, which this version of Troupe does not know: a newer one wrote it. Run that version.`);
  }
}

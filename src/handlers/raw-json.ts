/** An output that is JSON text already, from a handler of ours. It is passed on unchanged, in its own order and with its digits. */
export class RawJson {
  readonly text: string;

  /** `text` must be JSON, and no deeper than the limit: it is not checked again. */
  constructor(text: string) {
    this.text = text;
  }
}

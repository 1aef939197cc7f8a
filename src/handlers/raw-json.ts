/** An output that is JSON text already, from a handler of ours: it is passed on as it is, in its own order and with its digits. */
export class RawJson {
  readonly text: string;

  /** `text` must be JSON, and no deeper than the limit: nobody checks it again. */
  constructor(text: string) {
    this.text = text;
  }
}

/** Looks at the stream's records as they come: an epoch and a sequence stand for one event of an execution, for ever. */

type StreamValue = { readonly execution: string; readonly epoch: number; readonly from?: number; readonly events?: readonly unknown[] };

export class StreamWitness {
  /** What was seen to be wrong. */
  readonly broken: string[] = [];
  readonly #events = new Map<string, string>();

  read(value: string): void {
    const { execution, epoch, from = 0, events = [] } = JSON.parse(value) as StreamValue;
    events.forEach((event, at) => {
      const key = `${execution}: event ${from + at} under epoch ${epoch}`;
      const text = JSON.stringify(event);
      const before = this.#events.get(key) ?? text;
      this.#events.set(key, before);
      if (before !== text) this.broken.push(`the stream has two events for one: ${key} was ${before}, then ${text}`);
    });
  }
}

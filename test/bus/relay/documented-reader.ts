/** The reader that docs/events.md shows, as a stranger would copy it; and what it has understood. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Seen = Map<string, { sequence: number; epoch: number }>;
export type Reader = {
  event(execution: string, sequence: number, event: unknown[]): void;
  omitted(execution: string, from: number, to: number, reason: string): void;
  rewound(execution: string, to: number): void;
};

type Read = (value: string, seen: Seen, reader: Reader) => void;

const PAGE = join(import.meta.dir, "../../../docs/events.md");

const read: Read = await documented();

async function documented(): Promise<Read> {
  const code = /```ts\n([\s\S]*?)```/.exec(readFileSync(PAGE, "utf8"))?.[1];
  if (code === undefined) throw new Error("docs/events.md shows no reader in TypeScript any more: the tests of the stream read with it.");
  const folder = mkdtempSync(join(tmpdir(), "troupe-reader-"));
  try {
    const file = join(folder, "reader.ts");
    writeFileSync(file, code);
    return ((await import(file)) as { readonly read: Read }).read;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a stranger holds of the executions, having read the stream; throws where it finds a gap. */
export class Understood implements Reader {
  readonly seen: Seen = new Map();
  /** By execution: the events in order, the first at index 0; a string for one that is not in the stream. */
  readonly histories = new Map<string, (readonly unknown[] | string)[]>();
  rewinds = 0;

  read(value: string): void {
    read(value, this.seen, this);
  }

  event(execution: string, sequence: number, event: readonly unknown[]): void {
    this.#add(execution, sequence, event);
  }

  omitted(execution: string, from: number, to: number, reason: string): void {
    for (let sequence = from; sequence <= to; sequence++) this.#add(execution, sequence, reason);
  }

  rewound(execution: string, to: number): void {
    this.rewinds += 1;
    this.histories.get(execution)?.splice(to);
  }

  /** The events' first items. */
  words(execution: string): readonly string[] {
    return (this.histories.get(execution) ?? []).map((event) => (typeof event === "string" ? "omitted" : String(event[0])));
  }

  #add(execution: string, sequence: number, event: readonly unknown[] | string): void {
    const history = this.histories.get(execution) ?? [];
    this.histories.set(execution, history);
    if (sequence !== history.length + 1) throw new Error(`A gap in ${execution}: after event ${history.length} came ${sequence}.`);
    history.push(event);
  }
}

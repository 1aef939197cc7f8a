/** The stream's records, made from the outbox's pointers: texts from memory or the store, joined if they follow each other. */
import type { Log } from "../../env/log/log.ts";
import type { OutboxPointer, SharedStore } from "../../store/shared-store.ts";
import type { Chunk } from "../../store/store.ts";
import type { EventRecord } from "../event-stream.ts";

/** A pointer of the outbox. `text`: the chunk's text, if it is remembered. */
export type Pointed = { readonly pointer: OutboxPointer; readonly text: string | null };

/** The length from which a text is not joined further. One record for many commits costs the stream less than one for each. */
const JOINED_LENGTH = 250_000;

/**
 * The records, for each execution in the order of the pointers. A text that is nowhere becomes a stub, so that readers see
 * that events are missing. Rejects with StoreUnavailable.
 */
export async function recordsOf(
  pointed: readonly Pointed[],
  store: Pick<SharedStore, "chunksAfter">,
  log: Log,
): Promise<readonly EventRecord[]> {
  const stored = await readMissing(pointed, store);
  const joints: Joint[] = [];
  const open = new Map<string, Joint>();
  for (const { pointer, text } of pointed) {
    const found = text ?? stored.get(pointer.execution)?.find((chunk) => isOf(chunk, pointer))?.text ?? null;
    const joint = open.get(pointer.execution);
    if (joint?.takes(pointer, found)) continue;
    if (found === null) log.error("Events were deleted before they were published: the stream has a stub in their place.", { ...pointer });
    const next = new Joint(pointer, found);
    joints.push(next);
    open.set(pointer.execution, next);
  }
  return joints.map((joint) => joint.record());
}

/** Reads missing texts, with one read for each execution from its first missing chunk on. */
async function readMissing(
  pointed: readonly Pointed[],
  store: Pick<SharedStore, "chunksAfter">,
): Promise<ReadonlyMap<string, readonly Chunk[]>> {
  const after = new Map<string, number>();
  for (const { pointer, text } of pointed) {
    if (text === null) after.set(pointer.execution, Math.min(after.get(pointer.execution) ?? Number.POSITIVE_INFINITY, pointer.from - 1));
  }
  return new Map(
    await Promise.all([...after].map(async ([execution, sequence]) => [execution, await store.chunksAfter(execution, sequence)] as const)),
  );
}

function isOf(chunk: Chunk, pointer: OutboxPointer): boolean {
  return chunk.from === pointer.from && chunk.to === pointer.to;
}

/** Chunks of one execution that follow each other. */
class Joint {
  readonly #first: OutboxPointer;
  #last: OutboxPointer;
  readonly #texts: string[] | null;
  #length: number;

  constructor(pointer: OutboxPointer, text: string | null) {
    this.#first = pointer;
    this.#last = pointer;
    this.#texts = text === null ? null : [text];
    this.#length = text?.length ?? 0;
  }

  takes(pointer: OutboxPointer, text: string | null): boolean {
    if (text === null || this.#texts === null) return false;
    if (pointer.from !== this.#last.to + 1 || pointer.epoch !== this.#last.epoch || this.#length + text.length > JOINED_LENGTH)
      return false;
    this.#last = pointer;
    this.#texts.push(text);
    this.#length += text.length;
    return true;
  }

  record(): EventRecord {
    const { execution, epoch, to, status, closed } = this.#last;
    return { execution, from: this.#first.from, to, epoch, events: joined(this.#texts), status, closed };
  }
}

/** Chunks' texts as one. Each is a JSON array. */
function joined(texts: readonly string[] | null): EventRecord["events"] {
  if (texts === null) return { omitted: "The store does not have these events any more." };
  return texts.length === 1 ? (texts[0] as string) : `[${texts.map((text) => text.slice(1, -1)).join(",\n")}]`;
}

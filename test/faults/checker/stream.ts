/**
 * The event stream of one execution, followed as docs/events.md tells a reader to: doubles are removed; what is missing,
 * late or contradictory is found.
 */
import type { StreamEvent, StreamRecord } from "./evidence.ts";

export type Followed = {
  /** In order of their sequences. */
  readonly events: readonly StreamEvent[];
  /** Events that came again, which is allowed. */
  readonly doubles: number;
  /** How often history went back, where it may. */
  readonly rewinds: number;
  /** Events that were true once, and are not part of what the stream says in the end. */
  readonly takenBack: readonly TakenBack[];
  /** How often the first event came again with another time and under the same epoch, where history may go back. */
  readonly createdAgain: number;
  /** Sentences: sequences that never came. */
  readonly gaps: readonly string[];
  /** Sentences: sequences that came after a later one. */
  readonly disorder: readonly string[];
  /** Sentences: one sequence with two contents, or something after the end. */
  readonly contradictions: readonly string[];
};

/** `sentMs`: of the record that said so first. */
export type TakenBack = { readonly sequence: number; readonly event: StreamEvent; readonly text: string; readonly sentMs: number };

/** `records`: all of one execution, in the order of the partition. */
export function follow(execution: string, records: readonly StreamRecord[], mayRewind: boolean): Followed {
  const known = new Map<number, TakenBack>();
  let takenBack: TakenBack[] = [];
  const disorder: string[] = [];
  const contradictions: string[] = [];
  let last = 0;
  let lastEpoch = 0;
  let doubles = 0;
  let rewinds = 0;
  let createdAgain = 0;

  const rewind = (to: number): void => {
    rewinds += 1;
    for (let sequence = to + 1; sequence <= last; sequence++) {
      const before = known.get(sequence);
      if (before !== undefined) takenBack.push(before);
      known.delete(sequence);
    }
    last = Math.min(last, to);
  };

  for (const { from, to, epoch, sentMs, events, rewound } of records) {
    const label = `${execution}: ${from}..${to} (epoch ${epoch})`;
    if (epoch < lastEpoch) {
      doubles += to - from + 1;
      continue;
    }
    if (rewound) {
      if (mayRewind) rewind(to);
      else contradictions.push(`${execution}: epoch ${epoch} says that history went back to ${to}`);
    } else if (events !== null) {
      if (events.length !== to - from + 1) contradictions.push(`${label} holds ${events.length} events`);
      if (from > last + 1) disorder.push(`${label} came when the last was ${last}`);
      if (last > from - 1 && mayRewind && epoch > lastEpoch) rewind(from - 1);
      for (const [index, event] of events.entries()) {
        const text = JSON.stringify(event);
        const before = known.get(from + index);
        if (before === undefined) known.set(from + index, { sequence: from + index, event, text, sentMs });
        else if (before.text === text) doubles += 1;
        else if (mayRewind && isCreatedAgain(before.event, event)) createdAgain += 1;
        else
          contradictions.push(
            `${execution}: event ${from + index} was ${before.text.slice(0, 200)}, then ${text.slice(0, 200)} (epoch ${epoch})`,
          );
      }
      last = Math.max(last, to);
    } else last = Math.max(last, to);
    lastEpoch = epoch;
  }

  takenBack = takenBack.filter(({ sequence, text }) => known.get(sequence)?.text !== text);
  const gaps = missingIn(execution, known, last);
  const events = [...known].sort(([a], [b]) => a - b).map(([, { event }]) => event);
  const closed = events.findIndex(([word]) => word === "closed");
  if (closed === -1) gaps.push(`${execution}: the stream ends at ${last}, before "closed"`);
  else if (closed !== events.length - 1) contradictions.push(`${execution}: events follow "closed"`);
  return { events, doubles, rewinds, takenBack, createdAgain, gaps, disorder, contradictions };
}

function missingIn(execution: string, known: ReadonlyMap<number, unknown>, last: number): string[] {
  const sequences = Array.from({ length: last }, (_, at) => at + 1);
  return sequences.filter((sequence) => !known.has(sequence)).map((sequence) => `${execution}: event ${sequence} never came`);
}

function isCreatedAgain(before: StreamEvent, after: StreamEvent): boolean {
  return before[0] === "created" && JSON.stringify(before.toSpliced(1, 1)) === JSON.stringify(after.toSpliced(1, 1));
}

/** Commits and creates as the parts of their scripts: everything of one lane goes in one part. */
import type { LaneKeys } from "./keys.ts";
import { indexMembers } from "./index-keys.ts";
import type { OutboxMark } from "./outbox.ts";
import type { Part } from "./calls/part-calls.ts";
import { packChunk, packOrigin, packPlace, packProgress, packRest, packSequence } from "./summary.ts";
import { refusalOf } from "../refusal.ts";
import type { Chunk, Commit, CommitAnswer, CreateAnswer, EntryAnswer, LargeText, NewExecution, Summary } from "../store.ts";

export type WriteOptions = {
  /** Whether pointers for the bus are written. */
  readonly outbox: boolean;
  readonly textBytesMax: number;
};

export type PackedCommit = {
  readonly part: Part;
  /** The reason for which each entry was refused before it was sent, or null; null if none was. */
  readonly refusals: readonly (string | null)[] | null;
};

export function packCommit(lane: LaneKeys, { id, entries, receipts = [], cleanEnd }: Commit, options: WriteOptions): PackedCommit {
  const { outbox, textBytesMax } = options;
  const keys = [lane.record, lane.active, lane.index, lane.outbox, lane.commands];
  const args = [id.bootId, String(id.epoch), String(id.number), cleanEnd ? "1" : "0", outbox ? "1" : "0", "", "", ""];
  const logKeys: string[] = [];
  const larges = new Larges();
  const seenKeys: string[] = [];
  const answers: string[] = [];
  let refusals: (string | null)[] | null = null;
  let [taken, length] = [0, 0];
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at] as Commit["entries"][number];
    const { chunk, summary, receipts: own = [] } = entry;
    const refusal = refusalOf(entry, textBytesMax);
    if (refusal !== null) {
      refusals ??= entries.map(() => null);
      refusals[at] = refusal;
      continue;
    }
    taken += 1;
    length += chunk.text.length;
    keys.push(lane.summary(summary.id));
    logKeys.push(lane.log(summary.id));
    args.push(packSequence(chunk.from - 1), packSequence(summary.sequence), packPlace(summary), packRest(summary), packChunk(chunk));
    if (outbox) args.push(packPointer(summary, chunk));
    larges.add(taken, lane.big(summary.id), entry.large);
    for (const { commandId, receipt } of own) {
      seenKeys.push(lane.seen(commandId));
      answers.push(String(taken), receipt);
    }
  }
  for (const { commandId, receipt } of receipts) {
    seenKeys.push(lane.seen(commandId));
    answers.push("0", receipt);
  }
  args[5] = String(taken);
  args[6] = String(larges.keys.length);
  args[7] = String(seenKeys.length);
  return {
    part: { keys: keys.concat(logKeys, larges.keys, seenKeys), args: args.concat(larges.args, answers), length: length + larges.length },
    refusals,
  };
}

const APPLIED: EntryAnswer = { type: "applied" };
const CONFLICT: EntryAnswer = { type: "conflict" };

/** The commit's answers. `told`: the script's answer. `count`: the number of the commit's entries. */
export function unpackCommit(told: string, count: number, { refusals }: PackedCommit, { outbox }: WriteOptions): Answered<CommitAnswer> {
  if (told === "fenced") return { answer: { type: "fenced" }, mark: null };
  const words = told.split(" ");
  const conflicts = new Set(words.slice(outbox ? 3 : 1).map(Number));
  const entries = new Array<EntryAnswer>(count).fill(APPLIED);
  if (refusals !== null || conflicts.size > 0) {
    let sent = 0;
    for (let at = 0; at < count; at++) {
      const reason = refusals?.[at] ?? null;
      if (reason !== null) entries[at] = { type: "refused", reason };
      else if (conflicts.has(++sent)) entries[at] = CONFLICT;
    }
  }
  return { answer: { type: "done", entries }, mark: outbox ? markOf(words[1], words[2]) : null };
}

export type Answered<Answer> = { readonly answer: Answer; readonly mark: OutboxMark | null };

function markOf(id = "-", after = ""): OutboxMark | null {
  return id === "-" ? null : { id, after };
}

/** The arguments of an earlier chunk: its execution, itself, its pointer. */
const EARLIER_ARGS = 3;

/** Options of a create. `until`: the time by Redis's clock at which nobody waits for it any more; 0 for none. */
type CreateOptions = Pick<WriteOptions, "outbox"> & { readonly until: string };

export function packCreate(lane: LaneKeys, batch: readonly NewExecution[], { outbox, until }: CreateOptions): Part {
  const definitions = new Map<string, { readonly number: string; readonly text: string }>();
  const executionKeys: string[] = [];
  const cells: string[] = [];
  const larges = new Larges();
  const earlierChunks: string[] = [];
  let length = 0;
  batch.forEach(({ summary, earlier = [], chunk, definitionText, large, bodyHash }, at) => {
    let definition = definitions.get(summary.definition);
    if (definition === undefined) {
      definition = { number: String(definitions.size + 1), text: definitionText };
      definitions.set(summary.definition, definition);
      length += definitionText.length;
    }
    length += chunk.text.length;
    executionKeys.push(lane.summary(summary.id), lane.log(summary.id));
    const active = summary.triggeredAtMs !== null && !summary.closed ? String(summary.triggeredAtMs) : "";
    const members = indexMembers(summary);
    cells.push(bodyHash, packProgress(summary), packOrigin(summary, bodyHash), packChunk(chunk), active, definition.number);
    cells.push(outbox ? packPointer(summary, chunk) : "", String(members.length), ...members);
    larges.add(at + 1, lane.big(summary.id), large);
    for (const each of earlier) {
      earlierChunks.push(
        String(at + 1),
        packChunk(each),
        outbox ? packPointer({ ...summary, status: each.status, closed: false }, each) : "",
      );
      length += each.text.length;
    }
  });
  const counts = [definitions.size, batch.length, larges.keys.length, earlierChunks.length / EARLIER_ARGS].map(String);
  const args = [outbox ? "1" : "0", ...counts, until];
  const keys = [lane.record, lane.active, lane.index, lane.outbox, lane.definitions];
  for (const [hash, { text }] of definitions) {
    keys.push(lane.definition(hash));
    args.push(text);
  }
  return {
    keys: keys.concat(executionKeys, larges.keys),
    args: args.concat(cells, larges.args, earlierChunks),
    length: length + larges.length,
  };
}

const CREATE_ANSWERS: Readonly<Record<string, CreateAnswer>> = { c: "created", e: "exists", d: "differs" };

/** The create's answers. `told`: the script's answer. `epoch`: the lane's. */
export function unpackCreate(told: string): Answered<readonly CreateAnswer[]> & { readonly epoch: number } {
  const [letters = "", id, after, epoch] = told.split(" ");
  const answer = Array.from(letters, (letter) => CREATE_ANSWERS[letter] as CreateAnswer);
  return { answer, mark: markOf(id, after), epoch: Number(epoch) };
}

/** The large texts of a part: a key each, and entry, key and text as arguments. */
class Larges {
  readonly keys: string[] = [];
  readonly args: string[] = [];
  length = 0;

  add(entry: number, bigKey: string, texts: readonly LargeText[]): void {
    for (const { key, text } of texts) {
      this.keys.push(bigKey);
      this.args.push(String(entry), key, text);
      this.length += text.length;
    }
  }
}

/** An execution's line in an outbox entry: `execution from to status closed`. */
export function packPointer({ id, status, closed }: Summary, { from, to }: Chunk): string {
  return `${id} ${from} ${to} ${status} ${closed ? 1 : 0}`;
}

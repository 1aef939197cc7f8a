/** Commits and creates as what their scripts take: what is of one lane goes in one call. */
import type { LaneKeys } from "./redis-keys.ts";
import { indexMembers } from "./redis-index.ts";
import { packChunk, packOrigin, packProgress } from "./redis-summary.ts";
import type { ScriptCall } from "./redis-lane-calls.ts";
import { scripts } from "./redis-scripts.ts";
import { refusalOf } from "./refusal.ts";
import type { Commit, CommitAnswer, CommitEntry, CreateAnswer, EntryAnswer, NewExecution } from "./store.ts";

export type WriteOptions = {
  /** Whether pointers for the bus are written. */
  readonly outbox: boolean;
  readonly textBytesMax: number;
};

export type PackedCommit = {
  readonly call: ScriptCall;
  /** By what each entry was refused before it was sent, or null. */
  readonly refusals: readonly (string | null)[];
};

export function packCommit(keys: LaneKeys, { id, entries, receipts = [], cleanEnd }: Commit, options: WriteOptions): PackedCommit {
  const refusals = entries.map((entry) => refusalOf(entry, options.textBytesMax));
  const taken = entries.filter((_, at) => refusals[at] === null);
  const named = [keys.active, keys.index, keys.outbox, keys.commands];
  const cells: string[] = [];
  const larges: string[] = [];
  const bigKeys: string[] = [];
  const answers: string[] = [];
  const seenKeys: string[] = [];
  taken.forEach(({ chunk, summary, large, receipts: own = [] }: CommitEntry, at) => {
    named.push(keys.summary(summary.id), keys.log(summary.id));
    cells.push(String(chunk.from - 1), packProgress(summary), packChunk(chunk));
    for (const { key, text } of large) {
      bigKeys.push(keys.big(summary.id));
      larges.push(String(at + 1), key, text);
    }
    for (const { commandId, receipt } of own) {
      seenKeys.push(keys.seen(commandId));
      answers.push(String(at + 1), receipt);
    }
  });
  for (const { commandId, receipt } of receipts) {
    seenKeys.push(keys.seen(commandId));
    answers.push("0", receipt);
  }
  const counts = [taken.length, bigKeys.length, seenKeys.length].map(String);
  const head = [id.bootId, String(id.epoch), String(id.number), cleanEnd ? "1" : "0", options.outbox ? "1" : "0", ...counts];
  const args = head.concat(cells, larges, answers);
  return { call: { script: scripts.commit, keys: named.concat(bigKeys, seenKeys), args }, refusals };
}

const APPLIED: EntryAnswer = { type: "applied" };
const CONFLICT: EntryAnswer = { type: "conflict" };

/** `answer`: the script's. */
export function unpackCommit(answer: string, refusals: readonly (string | null)[]): CommitAnswer {
  if (answer === "fenced") return { type: "fenced" };
  const conflicts = new Set(answer.split(" ").slice(1).map(Number));
  let sent = 0;
  const entries = refusals.map((reason): EntryAnswer => {
    if (reason !== null) return { type: "refused", reason };
    sent += 1;
    return conflicts.has(sent) ? CONFLICT : APPLIED;
  });
  return { type: "done", entries };
}

/** Throws RangeError where one of them can never be stored. */
export function packCreate(keys: LaneKeys, batch: readonly NewExecution[], options: WriteOptions): ScriptCall {
  const named = [keys.active, keys.index, keys.outbox, keys.definitions];
  const cells: string[] = [];
  const larges: string[] = [];
  const bigKeys: string[] = [];
  const definitions = new Map<string, { readonly position: number; readonly text: string }>();
  const earlierChunks: string[] = [];
  batch.forEach(({ summary, earlier = [], chunk, definitionText, large, bodyHash }, at) => {
    const known = definitions.get(summary.definition) ?? { position: definitions.size + 1, text: definitionText };
    definitions.set(summary.definition, known);
    named.push(keys.summary(summary.id), keys.log(summary.id), keys.definition(summary.definition));
    const members = indexMembers(summary).join("\n");
    cells.push(bodyHash, packProgress(summary), packOrigin(summary, bodyHash), packChunk(chunk), members, String(known.position));
    for (const { key, text } of large) {
      bigKeys.push(keys.big(summary.id));
      larges.push(String(at + 1), key, text);
    }
    for (const each of earlier) earlierChunks.push(String(at + 1), packChunk(each));
  });
  const texts = Array.from(definitions.values(), ({ text }) => text);
  const head = [
    options.outbox ? "1" : "0",
    String(batch.length),
    String(texts.length),
    String(bigKeys.length),
    String(earlierChunks.length / 2),
  ];
  return { script: scripts.create, keys: named.concat(bigKeys), args: head.concat(cells, texts, larges, earlierChunks) };
}

const CREATE_ANSWERS: Readonly<Record<string, CreateAnswer>> = { c: "created", e: "exists", d: "differs" };

export function unpackCreate(answer: string): CreateAnswer[] {
  return Array.from(answer, (letter) => CREATE_ANSWERS[letter] as CreateAnswer);
}

/**
 * The list over all lanes. If all lanes are on one server, one script merges their indexes into a page and another reads its summaries. In
 * a Cluster each lane gives its newest, and they are merged here, as far as somebody asks.
 */
import { kindsFor, positionText, positionOf } from "./index-keys.ts";
import type { LaneKeys, RedisKeys } from "./keys.ts";
import type { LaneCalls } from "./calls/lane-calls.ts";
import type { PartCalls } from "./calls/part-calls.ts";
import { readSummaries } from "./reads.ts";
import { scripts } from "./calls/scripts.ts";
import { type ListPosition, type ListQuery, StoreUnavailable, type Summary } from "../store.ts";

export type ListOptions = {
  readonly calls: LaneCalls;
  /** The calls of the script `summary`. */
  readonly summaries: PartCalls;
  readonly keys: RedisKeys;
  /** False if lanes are on several servers. */
  readonly gathers: boolean;
};

type Candidate = ListPosition & { readonly lane: number };
/** The line of some lanes: what they have given and was not taken yet; `before`: where they go on; `ended` when they have no more. */
type Line = { readonly lanes: readonly number[]; waiting: Candidate[]; before: string; ended: boolean };

/** The size of a read: more than its share of a page, because lanes are never quite alike. */
const sizeOfRead = (count: number, lines: number): number => (lines === 1 ? count : Math.ceil(count / lines) * 2 + 2);

export async function listExecutions(options: ListOptions, query: ListQuery): Promise<readonly Summary[]> {
  const lanes = options.keys.lanes.map((_, lane) => lane);
  if (options.gathers) {
    try {
      return await listFrom(options, query, [lanes]);
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      // Redis refuses not the question, but that it is asked of many lanes as one: a Cluster of one server, for example.
    }
  }
  return await listFrom(
    options,
    query,
    lanes.map((lane) => [lane]),
  );
}

async function listFrom(options: ListOptions, query: ListQuery, groups: readonly (readonly number[])[]): Promise<readonly Summary[]> {
  const before = query.before === undefined ? "" : positionText(query.before);
  const lines = groups.map((lanes): Line => ({ lanes, waiting: [], before, ended: false }));
  const listed: Summary[] = [];
  while (listed.length < query.limit) {
    const candidates = await takeNewest(options, lines, kindsFor(query), query.limit - listed.length);
    if (candidates.length === 0) break;
    for (const summary of await summariesOf(options, candidates)) if (isListed(summary, query)) listed.push(summary);
  }
  return listed;
}

/** Up to `count` of the newest that were not taken yet; fewer if there are no more. */
async function takeNewest(options: ListOptions, lines: readonly Line[], kinds: readonly string[], count: number): Promise<Candidate[]> {
  const taken: Candidate[] = [];
  const size = sizeOfRead(count, lines.length);
  while (taken.length < count) {
    await Promise.all(lines.map((line) => (isSilent(line) ? readMore(options, line, kinds, size) : undefined)));
    // As long as every line shows its newest, the newest of those is the next.
    while (taken.length < count && !lines.some(isSilent)) {
      const newest = newestOf(lines);
      if (newest === null) return taken;
      taken.push(newest.waiting.shift() as Candidate);
    }
  }
  return taken;
}

/** Whether a line may have more than it shows. */
function isSilent({ waiting, ended }: Line): boolean {
  return waiting.length === 0 && !ended;
}

async function readMore({ calls, keys }: ListOptions, line: Line, kinds: readonly string[], size: number): Promise<void> {
  const [first = "", ...named] = line.lanes.flatMap((lane) => {
    const { record, index } = keys.lanes[lane] as LaneKeys;
    return [record, index];
  });
  const args = [line.before, String(size), ...kinds];
  const [before = "", ...cells] = (await calls.run(first, { script: scripts.page, keys: named, args })) as readonly string[];
  for (let at = 0; at < cells.length; at += 2) {
    line.waiting.push({ ...positionOf(cells[at] as string), lane: line.lanes[Number(cells[at + 1]) - 1] as number });
  }
  line.before = before;
  line.ended = before === "";
}

function newestOf(lines: readonly Line[]): Line | null {
  let newest: Line | null = null;
  for (const line of lines) {
    const first = line.waiting[0];
    if (first === undefined) continue;
    if (newest === null || isNewer(first, newest.waiting[0] as Candidate)) newest = line;
  }
  return newest;
}

function isNewer(a: ListPosition, b: ListPosition): boolean {
  return a.createdAtMs === b.createdAtMs ? a.id > b.id : a.createdAtMs > b.createdAtMs;
}

/** The summaries in the order of the candidates, without those that are gone. */
async function summariesOf({ summaries, keys }: ListOptions, candidates: readonly Candidate[]): Promise<Summary[]> {
  const byLane = Map.groupBy(candidates, ({ lane }) => lane);
  const found = new Map<string, Summary>();
  const reads = Array.from(byLane, async ([lane, those]) => {
    const ids = those.map(({ id }) => id);
    for (const read of await readSummaries(summaries, keys.lanes[lane] as LaneKeys, ids))
      if (read !== null) found.set(read.summary.id, read.summary);
  });
  await Promise.all(reads);
  return candidates.map(({ id }) => found.get(id)).filter((summary) => summary !== undefined);
}

/** Whether a summary, as it is now, fits the query. This also tells names and tags of one hash apart. */
function isListed(summary: Summary, { status, name, tag }: ListQuery): boolean {
  if (status !== undefined && summary.status !== status) return false;
  if (name !== undefined && summary.name !== name) return false;
  return tag === undefined || summary.tags.includes(tag);
}

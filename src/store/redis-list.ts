/** The list over all lanes: each lane's index gives its newest, some at a time, and they are merged as far as somebody asks. */
import { boundsBefore, kindsFor, positionIn } from "./redis-index.ts";
import type { LaneKeys, RedisKeys } from "./redis-keys.ts";
import type { LaneCalls } from "./redis-lane-calls.ts";
import { readSummaries } from "./redis-reads.ts";
import type { ListPosition, ListQuery, Summary } from "./store.ts";

type Candidate = ListPosition & { readonly lane: number };
/** What a lane has given and was not yet taken; `ended` when it has no more. */
type LaneLine = { readonly lane: number; readonly keys: LaneKeys; waiting: Candidate[]; before: ListPosition | undefined; ended: boolean };

/** More than its share of a page, since lanes are never quite alike. */
const sizeOfRead = (limit: number, lanes: number): number => Math.ceil(limit / lanes) * 2 + 2;

export async function listExecutions(calls: LaneCalls, keys: RedisKeys, query: ListQuery): Promise<readonly Summary[]> {
  const kind = await rarestOf(calls, keys, kindsFor(query));
  const lines = keys.lanes.map((laneKeys, lane): LaneLine => ({ lane, keys: laneKeys, waiting: [], before: query.before, ended: false }));
  const listed: Summary[] = [];
  while (listed.length < query.limit) {
    const candidates = await takeNewest(calls, lines, kind, query.limit - listed.length);
    if (candidates.length === 0) break;
    for (const summary of await summariesOf(calls, keys, candidates)) if (isListed(summary, query)) listed.push(summary);
  }
  return listed.slice(0, query.limit);
}

/** Of several filters the one that fewest pass; the others are looked up in the summaries. */
async function rarestOf(calls: LaneCalls, keys: RedisKeys, kinds: readonly string[]): Promise<string> {
  const [only = "", second] = kinds;
  if (second === undefined) return only;
  const countOf = async (kind: string): Promise<number> => {
    const [max, min] = boundsBefore(kind);
    const counts = await Promise.all(keys.lanes.map(({ record, index }) => calls.read(record, ["zlexcount", index, min, max])));
    return counts.reduce((sum, [count]) => sum + Number(count), 0);
  };
  const counts = await Promise.all(kinds.map(countOf));
  return kinds[counts.indexOf(Math.min(...counts))] as string;
}

/** Up to `count` of the newest that were not yet taken. */
async function takeNewest(calls: LaneCalls, lines: readonly LaneLine[], kind: string, count: number): Promise<Candidate[]> {
  const taken: Candidate[] = [];
  const size = sizeOfRead(count, lines.length);
  while (taken.length < count) {
    await Promise.all(lines.map((line) => (line.waiting.length === 0 && !line.ended ? readMore(calls, line, kind, size) : undefined)));
    // As long as every lane shows its newest, the newest of those is the next.
    for (;;) {
      const newest = newestOf(lines);
      if (newest === null) return taken;
      taken.push(newest.waiting.shift() as Candidate);
      if (taken.length === count || (newest.waiting.length === 0 && !newest.ended)) break;
    }
  }
  return taken;
}

async function readMore(calls: LaneCalls, line: LaneLine, kind: string, size: number): Promise<void> {
  const [max, min] = boundsBefore(kind, line.before);
  const [members] = await calls.read(line.keys.record, ["zrevrangebylex", line.keys.index, max, min, "limit", "0", String(size)]);
  line.waiting = (members as readonly string[]).map((member) => ({ ...positionIn(member, kind), lane: line.lane }));
  line.before = line.waiting.at(-1) ?? line.before;
  line.ended = line.waiting.length < size;
}

function newestOf(lines: readonly LaneLine[]): LaneLine | null {
  let newest: LaneLine | null = null;
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

/** In the order of the candidates, without those that are gone. */
async function summariesOf(calls: LaneCalls, keys: RedisKeys, candidates: readonly Candidate[]): Promise<Summary[]> {
  const byLane = Map.groupBy(candidates, ({ lane }) => lane);
  const found = new Map<string, Summary>();
  const reads = Array.from(byLane, async ([lane, those]) => {
    const ids = those.map(({ id }) => id);
    for (const read of await readSummaries(calls, keys.lanes[lane] as LaneKeys, ids))
      if (read !== null) found.set(read.summary.id, read.summary);
  });
  await Promise.all(reads);
  return candidates.map(({ id }) => found.get(id)).filter((summary) => summary !== undefined);
}

function isListed(summary: Summary, { status, name, tag }: ListQuery): boolean {
  if (status !== undefined && summary.status !== status) return false;
  if (name !== undefined && summary.name !== name) return false;
  return tag === undefined || summary.tags.includes(tag);
}

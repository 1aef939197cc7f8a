/** Calls of many lanes as one: how few they are, and that whatever becomes of one part harms no other. */
import { describe, expect, test } from "bun:test";
import { RedisRefusal } from "../../../../src/store/redis/calls/errors.ts";
import { DataLost, type OutboxEntry, type SharedStore } from "../../../../src/store/shared-store.ts";
import { type Commit, type CommitEntry, type Lease, StoreUnavailable } from "../../../../src/store/store.ts";
import { rejectionOf } from "../../../contracts/rejection.ts";
import { askRedis, startRedis } from "../../../services/redis.ts";
import { idIn } from "../../in-lane.ts";
import { commitId, entryAfter, newExecution } from "../../made.ts";
import { RedisGround } from "../ground.ts";

const LANES = 16;
const TIMEOUT_MS = 600;
const ALL = Array.from({ length: LANES }, (_, lane) => lane);
const APPLIED = { type: "done", entries: [{ type: "applied" }] } as const;

const ground = new RedisGround({ stores: { lanes: LANES, commandTimeoutMs: TIMEOUT_MS } });

/** By lane: an execution in it, and the lease of all lanes. */
async function fill(store: SharedStore): Promise<{ readonly ids: readonly string[]; readonly leases: readonly Lease[] }> {
  const ids = ALL.map((lane) => idIn(store, lane));
  await store.create(ids.map((id) => newExecution(id)));
  return { ids, leases: await Promise.all(ALL.map((lane) => store.acquire(lane, "boot-1"))) };
}

function commitOf(lease: Lease, number: number, ...entries: readonly CommitEntry[]): Commit {
  return { id: commitId(lease, number), entries, cleanEnd: false };
}

/** How often scripts were called, by this and any other connection. */
async function scriptCalls(): Promise<number> {
  const stats = await ground.admin.info("commandstats");
  return Array.from(stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g), ([, calls]) => Number(calls)).reduce(
    (sum, calls) => sum + calls,
    0,
  );
}

async function callsFor<Answer>(act: () => Promise<Answer>): Promise<{ readonly calls: number; readonly answer: Answer }> {
  const before = await scriptCalls();
  const answer = await act();
  return { calls: (await scriptCalls()) - before, answer };
}

describe("what is asked of several lanes in one turn", () => {
  test("is one script call for all commits, one for all creates and one for all summaries", async () => {
    const store = await ground.open();
    // Once before, so that Redis knows the scripts.
    const { ids, leases } = await fill(store);
    await store.summary("x");
    await store.commit(0, commitOf(leases[0] as Lease, 1));
    const commits = await callsFor(() =>
      Promise.all(leases.map((lease, lane) => store.commit(lane, commitOf(lease, lane === 0 ? 2 : 1, entryAfter(1, ids[lane] as string))))),
    );
    expect(commits).toEqual({ calls: 1, answer: new Array(LANES).fill(APPLIED) });
    const creates = await callsFor(() => store.create(Array.from({ length: 100 }, (_, at) => newExecution(`y${at}`))));
    expect(creates).toEqual({ calls: 1, answer: new Array(100).fill("created") });
    const summaries = await callsFor(() => Promise.all([...ids, "unknown"].map((id) => store.summary(id))));
    expect(summaries.calls).toBe(1);
    expect(summaries.answer.map((summary) => summary?.sequence)).toEqual([...new Array<number>(LANES).fill(2), undefined]);
  });

  test("is one script call for all that the bus has got; the bytes that wait are right, also where some were deleted already", async () => {
    const store = await ground.open();
    const { ids, leases } = await fill(store);
    await Promise.all(leases.map((lease, lane) => store.commit(lane, commitOf(lease, 1, entryAfter(1, ids[lane] as string)))));
    const entries = await Promise.all(ALL.map((lane) => store.outbox(lane, 10)));
    const bytesOf = (id: string | undefined) => Number(id?.split("-")[1]);
    const waiting = async () =>
      (await Promise.all(ALL.map((lane) => ground.admin.hget(`${ground.keyPrefix}:{${lane}}:lane`, "outbox_bytes")))).map(Number);
    await store.relayed(0, []);
    const trims = await callsFor(() => Promise.all(entries.map(([first], lane) => store.relayed(lane, [first?.id ?? ""]))));
    expect(trims.calls).toBe(1);
    expect(await waiting()).toEqual(entries.map(([, second]) => bytesOf(second?.id)));
    const [first, second] = entries[0] ?? [];
    await store.commit(0, commitOf(leases[0] as Lease, 2, entryAfter(2, ids[0] as string)));
    const [, third] = await store.outbox(0, 10);
    await store.relayed(0, [first?.id ?? "", second?.id ?? ""]);
    expect((await waiting())[0]).toBe(bytesOf(third?.id));
  });

  test("is one script call for the renewals of all leases", async () => {
    const store = await ground.open();
    const taken = await Promise.all(ALL.map((lane) => store.takeLease(lane, "boot-1", 60_000)));
    const leases = taken.flatMap((each) => (each.type === "taken" ? [each.lease] : []));
    // The first tells the time there.
    await store.renew(leases, 60_000);
    await ground.admin.del(`${ground.keyPrefix}:{3}:lane`);
    const renewals = await callsFor(() => Promise.allSettled(leases.map((lease) => store.renew([lease], 60_000))));
    expect(renewals.calls).toBe(1);
    const told = renewals.answer.map((each) => (each.status === "fulfilled" ? each.value[0]?.type : each.reason));
    expect(told.splice(3, 1)).toEqual([expect.any(DataLost)]);
    expect(told).toEqual(new Array(LANES - 1).fill("renewed"));
  });

  test("is deleted by a few calls for each lane, whatever was asked for", async () => {
    const store = await ground.open({ outbox: false });
    const retention = { nowMs: 1_000_000, finishedMs: 1_000, untriggeredMs: 1_000, limit: 10_000 };
    await store.create(Array.from({ length: 1_600 }, (_, at) => newExecution(`x${at}`, { tags: ["t", "u"] })));
    await store.sweep({ ...retention, nowMs: 0 });
    const { calls, answer } = await callsFor(() => store.sweep(retention));
    expect(answer).toBe(1_600);
    // Two for a hundred, and in some lanes there are some more.
    expect(calls).toBeLessThanOrEqual(2 * 2 * LANES);
    expect(await store.list({ limit: 1, tag: "t" })).toEqual([]);
  });

  test("goes before what retention deletes: also what waits for a call that is in flight", async () => {
    const { store, proxy } = await ground.openBehindProxy();
    const { ids, leases } = await fill(store);
    await store.commit(2, commitOf(leases[2] as Lease, 1));
    await store.sweep({ nowMs: 0, finishedMs: 0, untriggeredMs: 0, limit: 1 });
    const monitor = await ground.admin.monitor();
    const arrived: string[] = [];
    monitor.on("monitor", (_time, [name = ""]: string[]) => {
      if (name.toLowerCase() === "evalsha") arrived.push("commit");
      if (name.toLowerCase() === "zrangebylex") arrived.push("sweep");
    });
    proxy.holdRequests();
    const first = store.commit(0, commitOf(leases[0] as Lease, 1, entryAfter(1, ids[0] as string)));
    await Promise.resolve();
    const second = store.commit(1, commitOf(leases[1] as Lease, 1, entryAfter(1, ids[1] as string)));
    const sweep = store.sweep({ nowMs: 1, finishedMs: 0, untriggeredMs: 0, limit: 1 });
    proxy.passAll();
    await Promise.all([first, second, sweep]);
    await ground.admin.ping();
    while (!arrived.includes("sweep")) await Bun.sleep(5);
    monitor.disconnect();
    expect(arrived.slice(0, 3)).toEqual(["commit", "commit", "sweep"]);
  });

  test("while a call is in flight waits for it and goes with the next: however many commit, two calls", async () => {
    const store = await ground.open();
    const { ids, leases } = await fill(store);
    await store.commit(0, commitOf(leases[0] as Lease, 1));
    const { calls } = await callsFor(async () => {
      const first = store.commit(0, commitOf(leases[0] as Lease, 2, entryAfter(1, ids[0] as string)));
      const others: Promise<unknown>[] = [];
      // A microtask is over when the first call is on its way.
      for (let lane = 1; lane < LANES; lane++) {
        await Promise.resolve();
        others.push(store.commit(lane, commitOf(leases[lane] as Lease, 1, entryAfter(1, ids[lane] as string))));
      }
      await Promise.all([first, ...others]);
    });
    expect(calls).toBe(2);
  });

  test("goes by itself where it is large: nobody else waits for it", async () => {
    const store = await ground.open();
    const { ids, leases } = await fill(store);
    await store.commit(0, commitOf(leases[0] as Lease, 1));
    const text = JSON.stringify("x".repeat(300_000));
    const { calls } = await callsFor(() =>
      Promise.all([
        store.commit(1, commitOf(leases[1] as Lease, 1, entryAfter(1, ids[1] as string, {}, { text }))),
        ...[2, 3].map((lane) => store.commit(lane, commitOf(leases[lane] as Lease, 1, entryAfter(1, ids[lane] as string)))),
      ]),
    );
    expect(calls).toBe(2);
    expect((await store.chunksAfter(ids[1] as string, 1))[0]?.text).toHaveLength(text.length);
  });
});

describe("in one call", () => {
  test("a fenced commit, one sent again, a conflict, a refused entry, a foreign key, a lane that is lost: the others are unharmed", async () => {
    const { store, proxy } = await ground.openBehindProxy();
    const direct = await ground.open({ textBytesMax: 1_000 });
    const { ids, leases } = await fill(direct);
    const [fenced, again, conflict, refused, foreign, lost] = [1, 2, 3, 4, 5, 6];
    const id = (lane: number) => ids[lane] as string;
    const commitFor = (lane: number) => commitOf(leases[lane] as Lease, 1, entryAfter(1, id(lane)));
    await direct.acquire(fenced, "boot-2");
    proxy.loseReplies();
    expect(await rejectionOf(store.commit(again, commitFor(again)))).toBeInstanceOf(StoreUnavailable);
    proxy.passAll();
    await ground.admin.del(`${ground.keyPrefix}:{${foreign}}:log:${id(foreign)}`);
    await ground.admin.set(`${ground.keyPrefix}:{${foreign}}:log:${id(foreign)}`, "somebody's");
    await ground.admin.del(`${ground.keyPrefix}:{${lost}}:lane`);
    const others = ALL.filter((lane) => ![fenced, again, conflict, refused, foreign, lost].includes(lane));
    const { calls, answer } = await callsFor(() =>
      Promise.all(
        ALL.map((lane) => {
          if (lane === conflict)
            return direct.commit(lane, commitOf(leases[lane] as Lease, 1, entryAfter(7, id(lane)), entryAfter(1, id(lane))));
          if (lane === refused) {
            const large = entryAfter(1, id(lane), {}, { text: "x".repeat(2_000) });
            return direct.commit(lane, commitOf(leases[lane] as Lease, 1, large, entryAfter(1, id(lane))));
          }
          return direct.commit(lane, commitFor(lane)).catch((error: unknown) => error);
        }),
      ),
    );
    // By its hash, and with its text where Redis has not met the script yet.
    expect(calls).toBeWithin(1, 3);
    expect(answer[fenced]).toEqual({ type: "fenced" });
    expect(answer[again]).toEqual(APPLIED);
    expect(answer[conflict]).toEqual({ type: "done", entries: [{ type: "conflict" }, { type: "applied" }] });
    expect(answer[refused]).toMatchObject({ type: "done", entries: [{ type: "refused" }, { type: "applied" }] });
    expect(answer[foreign]).toBeInstanceOf(RedisRefusal);
    expect(answer[lost]).toBeInstanceOf(DataLost);
    for (const lane of others) expect([lane, answer[lane]]).toEqual([lane, APPLIED]);
    for (const lane of [again, conflict, refused, ...others]) {
      expect([lane, (await direct.chunksAfter(id(lane), 1)).length]).toEqual([lane, 1]);
      expect((await direct.outbox(lane, 10)).flatMap(({ pointers }) => pointers).map(({ from, to }) => [from, to])).toEqual([
        [1, 1],
        [2, 2],
      ]);
    }
    expect(await direct.chunksAfter(id(fenced), 1)).toEqual([]);
  });

  test("commits whose replies are lost are each known when they come again, gathered in another way", async () => {
    const { store, proxy } = await ground.openBehindProxy();
    const { ids, leases } = await fill(store);
    const commits = ALL.map((lane) => commitOf(leases[lane] as Lease, 1, entryAfter(1, ids[lane] as string)));
    proxy.loseReplies();
    const errors = await Promise.all(commits.map((commit, lane) => rejectionOf(store.commit(lane, commit))));
    for (const error of errors) expect(error).toBeInstanceOf(StoreUnavailable);
    proxy.passAll();
    const other = await ground.open();
    const [some, rest] = [ALL.slice(0, 5), ALL.slice(5)];
    for (const lanes of [some, rest, ALL]) {
      const answers = await Promise.all(lanes.map((lane) => other.commit(lane, commits[lane] as Commit)));
      expect(answers).toEqual(lanes.map(() => APPLIED));
    }
    for (const id of ids) expect(await other.chunksAfter(id, 1)).toHaveLength(1);
  });

  test("an execution that comes by several places in one commit is listed at its last alone", async () => {
    const store = await ground.open();
    const { ids, leases } = await fill(store);
    const [id, lease] = [ids[0] as string, leases[0] as Lease];
    const places = [{ status: "RUNNING" }, { status: "PAUSED" }, { status: "RUNNING" }] as const;
    await store.commit(0, commitOf(lease, 1, ...places.map((over, at) => entryAfter(1 + at, id, over))));
    const statusesOf = async () => {
      const members = await ground.admin.zrange(`${ground.keyPrefix}:{0}:index`, "0", "-1");
      return members.filter((member) => member.startsWith("s:") && member.endsWith(id)).map((member) => member.split(":")[1]);
    };
    expect(await statusesOf()).toEqual(["RUNNING"]);
    expect(await store.active(0)).toEqual([id]);
    const end = { status: "COMPLETED", finishedAtMs: 3_000 } as const;
    await store.commit(0, commitOf(lease, 2, entryAfter(4, id, end), entryAfter(5, id, { ...end, closed: true })));
    expect(await statusesOf()).toEqual(["COMPLETED"]);
    expect(await store.active(0)).toEqual([]);
    expect(await store.chunksAfter(id, 1)).toHaveLength(5);
  });

  test("thousands of executions of one lane are committed, moved and created", async () => {
    const store = await ground.open({ lanes: 1, commandTimeoutMs: 10_000 });
    const made = Array.from({ length: 9_000 }, (_, at) => newExecution(`x${at}`));
    for (const answer of await store.create(made)) expect(answer).toBe("created");
    const lease = await store.acquire(0, "boot-1");
    const entries = made.map(({ summary }) => entryAfter(1, summary.id));
    const answer = await store.commit(0, { id: commitId(lease, 1), entries, cleanEnd: false });
    expect(answer).toEqual({ type: "done", entries: entries.map(() => ({ type: "applied" })) });
    expect(await store.active(0)).toHaveLength(9_000);
    expect((await store.list({ status: "RUNNING", limit: 10_000 })).length).toBe(9_000);
    expect((await store.list({ status: "PENDING", limit: 10 })).length).toBe(0);
  });
});

describe("a call that", () => {
  test("is not answered is given up together with those that wait behind it: each has waited as long", async () => {
    const store = await ground.open();
    const { leases } = await fill(store);
    ground.server.pause();
    const first = rejectionOf(store.commit(0, commitOf(leases[0] as Lease, 1)));
    // A call is on its way after the turn in which it is asked for; what is asked in a later turn goes with the next.
    await new Promise<void>((resolve) => setImmediate(resolve));
    const waiting = ALL.slice(1).map((lane) => rejectionOf(store.commit(lane, commitOf(leases[lane] as Lease, 1))));
    const [error, ...others] = await Promise.all([first, ...waiting]);
    ground.server.resume();
    expect(error).toBeInstanceOf(StoreUnavailable);
    // The very same: they were told with it, not by a deadline of their own.
    for (const other of others) expect(other === error).toBe(true);
  });

  test("Redis refuses as a whole, a Cluster of one server that is given as one Redis, is asked part by part", async () => {
    const own = await startRedis({ flags: ["--cluster-enabled", "yes"] });
    try {
      await askRedis(own.port, "CLUSTER", "ADDSLOTSRANGE", "0", "16383");
      while (!String(await askRedis(own.port, "CLUSTER", "INFO")).includes("cluster_state:ok")) await Bun.sleep(10);
      const store = await ground.open({ address: { url: own.url } });
      const { ids, leases } = await fill(store);
      for (const number of [1, 2]) {
        const commits = leases.map((lease, lane) => store.commit(lane, commitOf(lease, number, entryAfter(number, ids[lane] as string))));
        expect(await Promise.all(commits)).toEqual(new Array(LANES).fill(APPLIED));
      }
    } finally {
      await own.stop();
    }
  });
});

describe("what is written to the outbox", () => {
  test("is told as it can be read, each entry with the one before it, also where the reply was lost and the resend is answered", async () => {
    const { store, proxy } = await ground.openBehindProxy();
    const told: { readonly entry: OutboxEntry; readonly after: string; readonly texts: readonly string[] }[] = [];
    store.onOutbox((lane, entry, after, texts) => {
      if (lane === 0) told.push({ entry, after, texts });
    });
    const { ids, leases } = await fill(store);
    const [id, lease] = [ids[0] as string, leases[0] as Lease];
    const conflict = entryAfter(7, id);
    const commit = commitOf(lease, 1, conflict, entryAfter(1, id), entryAfter(2, id, { status: "PAUSED" }));
    proxy.loseReplies();
    expect(await rejectionOf(store.commit(0, commit))).toBeInstanceOf(StoreUnavailable);
    proxy.passAll();
    // Its connection is being made anew.
    while ((await store.commit(0, commit).catch(() => null)) === null) await Bun.sleep(10);
    await store.commit(0, commitOf(lease, 2, conflict));
    await store.create([newExecution(id)]);
    expect(told.map(({ entry }) => entry)).toEqual([...(await store.outbox(0, 10))]);
    expect(told.map(({ entry }) => entry.pointers.map(({ from, to, status }) => [from, to, status]))).toEqual([
      [[1, 1, "PENDING"]],
      [
        [2, 2, "RUNNING"],
        [3, 3, "PAUSED"],
      ],
    ]);
    expect(told.at(1)?.after).toBe(told[0]?.entry.id as string);
    expect(told[1]?.texts).toEqual(['[["started",1]]', '[["started",2]]']);
  });
});

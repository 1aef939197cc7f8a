/** The read model: what is durable, folded once, advanced by what is new. */
import { beforeEach, describe, expect, test } from "bun:test";
import { encode } from "../../src/store/codec/codec.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import type { CommitEntry, Lease, Store } from "../../src/store/store.ts";
import { createViews, type Views, type ViewsOptions } from "../../src/views/views.ts";
import type { Plan } from "../../src/workflow/plan/plan.ts";
import type { WorkflowEvent } from "../../src/workflow/execution/messages.ts";
import { World } from "../sim/world.ts";
import { planOf } from "../workflow/plan/plans.ts";
import { commitId, entryAfter, newExecution } from "../store/made.ts";

const NODES = 100;
const plan = planOf(Array.from({ length: NODES }, (_, node) => ({ id: `n${node}` })));

const completed = (node: number): WorkflowEvent => ({
  type: "AttemptCompleted",
  node,
  attempt: 1,
  beganAtMs: 10,
  atMs: 20,
  output: `"of ${node}"`,
});

describe("views", () => {
  let world: World;
  let truth: Store;
  let lease: Lease;
  let number: number;
  let calls: string[];
  let compiled: string[];
  let views: Views;

  const viewsWith = (over: Partial<ViewsOptions> = {}): Views => {
    const compile = (text: string): Plan => {
      compiled.push(text);
      return plan;
    };
    return createViews({ store: counting(truth, calls), compile, clock: world, turns: world, ...over });
  };

  beforeEach(async () => {
    world = new World();
    truth = openMemoryStore();
    lease = await truth.acquire(0, "boot-1");
    number = 0;
    calls = [];
    compiled = [];
    views = viewsWith();
  });

  /** Its first events: created, triggered, started. */
  const create = (id: string, over: Parameters<typeof newExecution>[1] = {}) => {
    const text = encode(
      [
        { type: "ExecutionCreated", atMs: 1, name: "test", definition: "hash-1" },
        { type: "ExecutionTriggered", atMs: 2, params: null },
        { type: "ExecutionStarted", atMs: 3 },
      ],
      plan,
    );
    return truth.create([newExecution(id, { ...over, sequence: 3 }, { chunk: { from: 1, to: 3, text } })]);
  };
  const commit = async (id: string, after: number, events: readonly WorkflowEvent[]) => {
    const entry: CommitEntry = entryAfter(after, id, {}, { text: encode(events, plan), events: events.length });
    expect(await truth.commit(0, { id: commitId(lease, ++number), entries: [entry], cleanEnd: false })).toMatchObject({
      entries: [{ type: "applied" }],
    });
  };
  const outputOf = async (id: string, node: number) => (await views.stateOf(id))?.state.outputs[node];

  test("know nothing of what is not there", async () => {
    expect(await views.stateOf("absent")).toBeNull();
  });

  test("show the fold of the log, with the summary and the plan", async () => {
    await create("e1");
    await commit("e1", 3, [completed(0), completed(7)]);
    const found = await views.stateOf("e1");
    expect(found?.state).toMatchObject({ sequence: 5, status: "RUNNING", completed: 2 });
    expect(found?.state.outputs[7]).toBe('"of 7"');
    expect(found?.summary.sequence).toBe(5);
    expect(found?.plan).toBe(plan);
  });

  test("read the log once, and then only what is new", async () => {
    await create("e1");
    await commit("e1", 3, [completed(0)]);
    await views.stateOf("e1");
    await commit("e1", 4, [completed(1)]);
    expect((await views.stateOf("e1"))?.state).toMatchObject({ sequence: 5, completed: 2 });
    expect((await views.stateOf("e1"))?.state.sequence).toBe(5);
    expect(calls).toEqual(["load e1", "chunksAfter e1 4", "summary e1", "chunksAfter e1 5", "summary e1"]);
    expect(compiled).toHaveLength(1);
  });

  test("share one read among all who ask at once, and one more among those who come meanwhile", async () => {
    await create("e1");
    const found = await Promise.all(Array.from({ length: 50 }, () => views.stateOf("e1")));
    expect(new Set(found.map((each) => each?.state)).size).toBe(1);
    expect(calls).toEqual(["load e1", "chunksAfter e1 3", "summary e1"]);
  });

  test("show to a reader all that was durable when it asked, also while an older read is on its way", async () => {
    await create("e1");
    const early = views.stateOf("e1");
    await commit("e1", 3, [completed(0)]);
    const late = views.stateOf("e1");
    await early;
    expect((await late)?.state.sequence).toBe(4);
  });

  test("forget what was deleted, and read anew what was made again under the same id", async () => {
    await create("e1", { createdAtMs: 5 });
    await views.stateOf("e1");
    await truth.sweep({ nowMs: 10, finishedMs: 0, untriggeredMs: 0, limit: 10 });
    expect(await views.stateOf("e1")).toBeNull();
    await create("e1", { createdAtMs: 6 });
    expect((await views.stateOf("e1"))?.summary.createdAtMs).toBe(6);
    await truth.sweep({ nowMs: 10, finishedMs: 0, untriggeredMs: 0, limit: 10 });
    await create("e1", { createdAtMs: 7 });
    expect((await views.stateOf("e1"))?.summary.createdAtMs).toBe(7);
  });

  test("keep what was asked for last, within their limit", async () => {
    views = viewsWith({ bytesMax: 2.5 * NODES * 200 });
    for (const id of ["e1", "e2", "e3"]) await create(id);
    for (const id of ["e1", "e2", "e1", "e3"]) await views.stateOf(id);
    calls.length = 0;
    await views.stateOf("e1");
    await views.stateOf("e3");
    await views.stateOf("e2");
    expect(calls.filter((call) => call.startsWith("load"))).toEqual(["load e2"]);
    expect(compiled).toHaveLength(1);
  });

  test("forget what they kept when nobody has read anything for a minute, and keep nobody awake after that", async () => {
    await create("e1");
    await views.stateOf("e1");
    await world.pass(40_000);
    await views.stateOf("e1");
    await world.pass(40_000);
    await views.stateOf("e1");
    expect(calls.filter((call) => call === "load e1")).toHaveLength(1);
    await world.pass(60_000);
    expect(await world.step()).toBe(false);
    await views.stateOf("e1");
    expect(calls.filter((call) => call === "load e1")).toHaveLength(2);
  });

  test("compile a definition again only where it was pushed out", async () => {
    views = viewsWith({ planBytesMax: 10 });
    views.planOf("h1", "12345678");
    views.planOf("h1", "12345678");
    views.planOf("h2", "abcdefgh");
    views.planOf("h1", "12345678");
    expect(compiled).toEqual(["12345678", "abcdefgh", "12345678"]);
  });

  test("compile a definition that takes a while once for all who ask meanwhile", async () => {
    const gate = Promise.withResolvers<Plan>();
    views = viewsWith({
      compile(text) {
        compiled.push(text);
        return gate.promise;
      },
    });
    await create("e1");
    await create("e2");
    const asked = [views.stateOf("e1"), views.stateOf("e2"), views.stateOf("e1")];
    await world.pass(1);
    gate.resolve(plan);
    expect((await Promise.all(asked)).map((read) => read?.plan === plan)).toEqual([true, true, true]);
    expect(compiled).toHaveLength(1);
  });

  test("fold a long log in slices, with turns for others in between", async () => {
    await create("e1");
    const lost: WorkflowEvent[] = Array.from({ length: 4_000 }, (_, at) => ({
      type: "AttemptLost",
      node: 0,
      attempt: at + 1,
      atMs: 1,
      death: false,
    }));
    for (let chunk = 0; chunk < 10; chunk++) await commit("e1", 3 + chunk * 4_000, lost);
    let turns = 0;
    views = viewsWith({
      turns: {
        run: (turn) => {
          turns += 1;
          world.run(turn);
        },
      },
    });
    let found: Awaited<ReturnType<Views["stateOf"]>> = null;
    void views.stateOf("e1").then((state) => {
      found = state;
    });
    await world.until(() => found !== null, "the long log is folded");
    expect(found).toMatchObject({ state: { sequence: 40_003 } });
    expect(turns).toBe(9);
  });

  test("are read again after a log that could not be read", async () => {
    await create("e1");
    await views.stateOf("e1");
    const bad = entryAfter(3, "e1", {}, { text: `${encode([completed(0)], plan).slice(0, -1)},\n["teleported",1]]`, events: 2 });
    await truth.commit(0, { id: commitId(lease, ++number), entries: [bad], cleanEnd: false });
    for (let time = 0; time < 2; time++) {
      expect(await views.stateOf("e1").catch((error: Error) => error.message)).toContain('"teleported"');
    }
    expect(await outputOf("absent", 0)).toBeUndefined();
  });
});

/** Writes down what is asked of a store. */
function counting(store: Store, calls: string[]): Store {
  const noted = <Answer>(call: string, answer: Answer): Answer => {
    calls.push(call);
    return answer;
  };
  return {
    lanes: store.lanes,
    laneOf: (id) => store.laneOf(id),
    acquire: (lane, bootId) => store.acquire(lane, bootId),
    commit: (lane, commit) => store.commit(lane, commit),
    create: (batch) => store.create(batch),
    load: (id) => noted(`load ${id}`, store.load(id)),
    chunksAfter: (id, sequence) => noted(`chunksAfter ${id} ${sequence}`, store.chunksAfter(id, sequence)),
    summary: (id) => noted(`summary ${id}`, store.summary(id)),
    large: (id, keys) => store.large(id, keys),
    list: (query) => store.list(query),
    active: (lane) => store.active(lane),
    remove: (execution) => store.remove(execution),
    sweep: (retention) => store.sweep(retention),
    raiseLevel: (level) => store.raiseLevel(level),
    close: () => store.close(),
  };
}

/** The commands that wait for a lane's executions: each is handed out until it is answered, and nothing holds up the others. */
import { beforeEach, describe, expect, test } from "bun:test";
import { createInbox, type Inbox, type StoredHere } from "../../../src/cluster/commands/inbox.ts";
import { packBody } from "../../../src/cluster/commands/stored-command.ts";
import { emptySharedMemory, openSharedMemoryStore } from "../../../src/store/memory/shared-memory-store.ts";
import type { Commit } from "../../../src/store/store.ts";
import type { SharedStore } from "../../../src/store/shared-store.ts";
import { JSON_HERE } from "../../pool/json-here.ts";
import { recordingLog } from "../../env/log/recording-log.ts";
import { commitId, newExecution } from "../../store/made.ts";
import { World } from "../../sim/world.ts";

describe("a lane's inbox", () => {
  let world: World;
  let store: SharedStore;
  let inbox: Inbox;
  let owned: boolean;
  let told: StoredHere[];
  let refused: string[];
  let answered: string[];
  let takes: (execution: string) => boolean | "never";
  let logged: ReturnType<typeof recordingLog>["entries"];
  let looks: number[];

  beforeEach(() => {
    world = new World();
    store = openSharedMemoryStore({ files: emptySharedMemory(1), clock: world, outbox: false });
    looks = [];
    const commandsAfter: SharedStore["commandsAfter"] = async (lane, position, limit) => {
      const page = await store.commandsAfter(lane, position, limit);
      looks.push(page.length);
      return page;
    };
    const { log, entries } = recordingLog();
    logged = entries;
    [owned, told, refused, answered, takes] = [true, [], [], [], () => true];
    inbox = createInbox({
      store: { commandsAfter, summary: (id) => store.summary(id) },
      json: JSON_HERE,
      clock: world,
      log,
      tell(execution, command) {
        const answer = takes(execution);
        if (answer !== true) return answer === "never" ? "never" : "later";
        told.push(command);
        return "told";
      },
      isOwned: () => owned,
      refuse: (_, id) => refused.push(id),
      answered: (_, ids) => answered.push(...ids),
    });
  });
  const send = (id: string, execution = "e1", body = packBody({ type: "Trigger", params: null })) => store.send({ id, execution, body });
  const names = () => told.map(({ id }) => id);
  const receiptFor = async (commandId: string): Promise<Commit> => {
    const id = commitId(await store.acquire(0, "boot"), 1);
    return { id, entries: [], cleanEnd: false, receipts: [{ commandId, receipt: '{"type":"done"}' }] };
  };

  test("hands out what waits, the oldest first, and each once while it is not answered", async () => {
    for (const id of ["c1", "c2", "c3"]) await send(id);
    await inbox.look(0);
    await inbox.look(0);
    expect(names()).toEqual(["c1", "c2", "c3"]);
    told[1]?.answer({ type: "accepted" });
    expect(answered).toEqual(["c2"]);
  });

  test("hands out again, from the store, what was not answered: its supervisor has crashed", async () => {
    await send("c1");
    await inbox.look(0);
    told[0]?.answer({ type: "moved" });
    await world.pass(2_000);
    expect(names()).toEqual(["c1", "c1"]);
  });

  test("offers what was refused again later, and does not hold up the others meanwhile", async () => {
    takes = (execution) => execution !== "stalled";
    await send("c1", "stalled");
    await send("c2", "e2");
    await inbox.look(0);
    expect(names()).toEqual(["c2"]);
    takes = () => true;
    await world.pass(2_000);
    expect(names()).toEqual(["c2", "c1"]);
  });

  test("refuses what nobody can read, and goes on behind it", async () => {
    for (const [at, body] of ["{", "null", "[]", '{"type":7}', '"x"'].entries()) await send(`bad${at}`, "e1", body);
    await send("good");
    await inbox.look(0);
    expect(refused).toEqual(["bad0", "bad1", "bad2", "bad3", "bad4"]);
    expect(names()).toEqual(["good"]);
  });

  describe("with commands of a kind that only a newer version knows", () => {
    const newer = '{"type":"dance","with":"whom"}';
    const left = async () => (await store.commandsAfter(0, 0, 100)).map(({ id }) => id);

    beforeEach(async () => {
      await store.create([newExecution("e1")]);
      await send("n1", "e1", newer);
      await send("n2", "e1", newer);
      await send("c1");
      await inbox.look(0);
    });

    test("leaves them there, goes on behind them, and says so once", async () => {
      expect([names(), refused, answered]).toEqual([["c1"], [], []]);
      expect(await left()).toEqual(["n1", "n2", "c1"]);
      await inbox.look(0);
      expect(logged.filter(({ level }) => level === "warn").map(({ message }) => message)).toEqual([
        "A stored command is of a kind that this version does not know: it waits for an instance that knows it.",
      ]);
    });

    test("reads none of them again, however often it looks, and what comes behind them at once", async () => {
      await store.commit(0, await receiptFor("c1"));
      told[0]?.answer({ type: "accepted" });
      await inbox.look(0);
      looks.length = 0;
      for (let look = 0; look < 5; look++) await inbox.look(0);
      expect(looks).toEqual([0, 0, 0, 0, 0]);
      await send("c2");
      await inbox.look(0);
      expect([names(), looks.at(-1)]).toEqual([["c1", "c2"], 1]);
    });

    test("hands them to a version that knows them, when it has the lane", async () => {
      inbox.drop(0);
      expect(await left()).toEqual(["n1", "n2", "c1"]);
    });

    test("refuses them when their execution is not there any more: they do not outlive it", async () => {
      await world.pass(120_000);
      expect(refused).toEqual([]);
      await store.sweep({ nowMs: world.nowMs() + 1, finishedMs: 0, untriggeredMs: 0, limit: 10 });
      await world.pass(120_000);
      expect(refused).toEqual(["n1", "n2"]);
    });
  });

  test("leaves the commands of an execution there with which this version cannot go on", async () => {
    takes = (execution) => (execution === "newer" ? "never" : true);
    await store.create([newExecution("newer")]);
    await send("c1", "newer");
    await send("c2", "e2");
    await inbox.look(0);
    looks.length = 0;
    await world.pass(30_000);
    expect([names(), refused, looks]).toEqual([["c2"], [], []]);
    inbox.drop(0);
    takes = () => true;
    await inbox.look(0);
    expect(names()).toEqual(["c2", "c1", "c2"]);
  });

  test("reads thousands, and what comes while it reads", async () => {
    for (let at = 0; at < 1_200; at++) await send(`c${at}`);
    const looking = inbox.look(0);
    await send("late");
    await inbox.look(0);
    await looking;
    expect(told).toHaveLength(1_201);
  });

  test("is silent about a lane that is not its own any more", async () => {
    await send("c1");
    await inbox.look(0);
    inbox.drop(0);
    owned = false;
    told[0]?.answer({ type: "moved" });
    await world.pass(5_000);
    await inbox.look(0);
    expect(names()).toEqual(["c1"]);
  });
});

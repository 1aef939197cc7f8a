/** The commands that wait for a lane's executions: each is handed out until it is answered, and nothing holds up the others. */
import { beforeEach, describe, expect, test } from "bun:test";
import { createInbox, type Inbox, type StoredHere } from "../../../src/cluster/commands/inbox.ts";
import { packBody } from "../../../src/cluster/commands/stored-command.ts";
import { emptySharedMemory, openSharedMemoryStore } from "../../../src/store/memory/shared-memory-store.ts";
import type { SharedStore } from "../../../src/store/shared-store.ts";
import { JSON_HERE } from "../../pool/json-here.ts";
import { recordingLog } from "../../env/log/recording-log.ts";
import { World } from "../../sim/world.ts";

describe("a lane's inbox", () => {
  let world: World;
  let store: SharedStore;
  let inbox: Inbox;
  let owned: boolean;
  let told: StoredHere[];
  let refused: string[];
  let answered: string[];
  let takes: (execution: string) => boolean;

  beforeEach(() => {
    world = new World();
    store = openSharedMemoryStore({ files: emptySharedMemory(1), clock: world });
    [owned, told, refused, answered, takes] = [true, [], [], [], () => true];
    inbox = createInbox({
      store,
      json: JSON_HERE,
      clock: world,
      log: recordingLog().log,
      tell(execution, command) {
        if (!takes(execution)) return false;
        told.push(command);
        return true;
      },
      isOwned: () => owned,
      refuse: (_, id) => refused.push(id),
      answered: (_, ids) => answered.push(...ids),
    });
  });
  const send = (id: string, execution = "e1", body = packBody({ type: "Trigger", params: null })) => store.send({ id, execution, body });
  const names = () => told.map(({ id }) => id);

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
    for (const [at, body] of ["{", "null", "[]", '{"type":"dance"}', '"x"'].entries()) await send(`bad${at}`, "e1", body);
    await send("good");
    await inbox.look(0);
    expect(refused).toEqual(["bad0", "bad1", "bad2", "bad3", "bad4"]);
    expect(names()).toEqual(["good"]);
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

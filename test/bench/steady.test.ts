/** What arrives in a steady load, and what the open loop counts of it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Client, openClient } from "../../bench/http-client.ts";
import { actOf, ONE_REQUEST } from "../../bench/steady-acts.ts";
import { steadily } from "../../bench/steady-load.ts";
import { type Served, serveApp } from "../http/served.ts";

let served: Served;
let server: Bun.Server<undefined>;
let client: Client;
/** `POST /workflows?wait=20s`, with an id as `…`. */
let asked: string[];

beforeAll(async () => {
  served = await serveApp();
  server = Bun.serve({
    port: 0,
    fetch(request) {
      const { pathname, search } = new URL(request.url);
      asked.push(`${request.method} ${pathname.replace(/[0-9a-f-]{36}/, "…")}${search}`);
      return served.app.fetch(request);
    },
  });
  client = await openClient(server.url.href);
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  client.close();
  await server.stop(true);
  await served.engine.stop(0);
});

describe("an execution of a steady load", () => {
  test("is created and triggered by two requests, and has ended then", async () => {
    await actOf(undefined)(client);
    expect(asked).toEqual(["POST /workflows", "POST /workflows/…/trigger?wait=20s"]);
    await expectLastCompleted();
  });

  test("or by one, where that is asked for", async () => {
    await actOf(ONE_REQUEST)(client);
    expect(asked).toEqual(["POST /workflows?trigger=true&wait=20s"]);
    await expectLastCompleted();
  });

  test("of a form that there is not is refused with the name of that which there is", () => {
    expect(() => actOf("two")).toThrow('There is no part "two"; there is one-request.');
  });

  async function expectLastCompleted(): Promise<void> {
    const { json } = await served.send("GET", "/workflows?limit=1");
    expect(json.workflows).toMatchObject([{ status: "COMPLETED", name: "fan-out" }]);
  }
});

describe("an open loop", () => {
  test("begins what is due, and counts what was refused apart, with its reason", async () => {
    let begun = 0;
    const act = async (): Promise<void> => {
      begun += 1;
      if (begun % 4 === 0) throw new Error("Refused: full");
    };
    const load = await steadily(server.url.href, { rate: 1_000, forMs: 40, act });
    expect([begun, load.times.length, load.refused, load.lastRefusal]).toEqual([40, 30, 10, "Refused: full"]);
  });

  test("does not count as done in time what has ended later", async () => {
    const late = Promise.withResolvers<void>();
    let begun = 0;
    const act = async (): Promise<void> => {
      begun += 1;
      if (begun === 20) queueMicrotask(() => setTimeout(late.resolve, 100));
      await late.promise;
    };
    const { times, doneInTime } = await steadily(server.url.href, { rate: 1_000, forMs: 20, act });
    expect([times.length, doneInTime]).toEqual([20, 0]);
  });
});

/** The exact words of what cancels, pauses and resumes an execution over HTTP. */
import { describe, expect, test } from "bun:test";
import { release } from "../fixtures/held.ts";
import { serveApp } from "../served.ts";

const served = await serveApp();
const { send, create } = served;
let names = 0;

/** An execution whose only node is held, and its name. */
async function running(): Promise<{ readonly id: string; readonly name: string }> {
  const name = `lifecycle-${(names += 1)}`;
  const id = await create([
    { id: "a", handler: "held", config: { name } },
    { id: "b", handler: "noop", dependencies: ["a"] },
  ]);
  await send("POST", `/workflows/${id}/trigger`);
  await becomes(id, "a", "RUNNING");
  return { id, name };
}

async function becomes(id: string, node: string, state: string): Promise<void> {
  for (;;) {
    const states = (await send("GET", `/workflows/${id}`)).json.node_states as Readonly<Record<string, string>>;
    if (states[node] === state) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

const say = async (id: string, command: string, body?: unknown) => {
  const { status, json } = await send("POST", `/workflows/${id}/${command}`, body);
  return [status, json] as const;
};

describe("POST /workflows/{id}/cancel", () => {
  test("ends what runs, with a reason that the execution shows; a second one changes nothing", async () => {
    const { id } = await running();
    expect(await say(id, "cancel", { reason: "The order was withdrawn.", force: true, more: 1 })).toEqual([
      200,
      { execution_id: id, status: "CANCELLED", changed: true, message: "The workflow was cancelled." },
    ]);
    expect(await say(id, "cancel")).toEqual([
      200,
      { execution_id: id, status: "CANCELLED", changed: false, message: "The workflow was cancelled before; nothing was changed." },
    ]);
    const { json } = await send("GET", `/workflows/${id}`);
    expect([json.status, json.error, json.failure]).toEqual(["CANCELLED", "The order was withdrawn.", null]);
    const results = (await send("GET", `/workflows/${id}/results`)).json;
    expect([results.completed, results.message]).toEqual([
      ...[false, "The workflow was cancelled; results holds the outputs of the nodes that completed."],
    ]);
    expect((await send("POST", `/workflows/${id}/trigger`)).json).toMatchObject({ status: "CANCELLED" });
    const listed = (await send("GET", "/workflows?status=CANCELLED")).json.workflows as readonly { readonly execution_id: string }[];
    expect(listed.map(({ execution_id }) => execution_id)).toContain(id);
  });

  test("takes what was never triggered, no body, an empty one, null for no reason, and YAML", async () => {
    for (const body of [undefined, "", {}, { reason: null }]) {
      expect((await say(await create([{ id: "a", handler: "noop" }]), "cancel", body))[0]).toBe(200);
    }
    const id = await create([{ id: "a", handler: "noop" }]);
    const yaml = await send("POST", `/workflows/${id}/cancel`, "reason: Enough.\n", { "content-type": "application/yaml" });
    expect([yaml.status, (await send("GET", `/workflows/${id}`)).json.error]).toEqual([200, "Enough."]);
    const half = await create([{ id: "a", handler: "noop" }]);
    await say(half, "cancel", '{"reason": "Half \\ud83d of a character"}');
    expect((await send("GET", `/workflows/${half}`)).json.error).toBe("Half \ufffd of a character");
  });

  test("refuses what has ended, who is not there, and bodies that are none", async () => {
    const id = await create([{ id: "a", handler: "noop" }]);
    await served.run(id);
    expect(await say(id, "cancel")).toMatchObject([
      409,
      { code: "already_finished", detail: "The workflow has already ended (COMPLETED); nothing was changed." },
    ]);
    expect(await say("nobody", "cancel")).toMatchObject([404, { detail: "Workflow not found" }]);
    const { id: other } = await running();
    for (const [status, body] of [
      [400, '{"reason": '],
      [422, [1]],
      [422, { reason: 1 }],
      [422, { reason: "x".repeat(1_001) }],
      [422, { force: "yes" }],
      [413, { more: "x".repeat(64 * 1024) }],
    ] as const) {
      expect((await say(other, "cancel", body))[0]).toBe(status);
    }
    expect((await send("POST", `/workflows/${other}/cancel?now=1`)).status).toBe(422);
    expect((await send("GET", `/workflows/${other}/cancel`)).status).toBe(405);
    expect((await send("GET", `/workflows/${other}`)).json.status).toBe("RUNNING");
  });
});

describe("PATCH /workflows/{id}", () => {
  const patch = async (id: string, body: unknown) => {
    const { status, json } = await send("PATCH", `/workflows/${id}`, body);
    return [status, json] as const;
  };
  test("changes the priority, which the execution shows", async () => {
    const id = await create([{ id: "a", handler: "noop" }]);
    expect((await send("GET", `/workflows/${id}`)).json.priority).toBe(5);
    const message = "The priority was changed; it holds for what has not begun to wait for a thread.";
    expect(await patch(id, { priority: 8 })).toEqual([200, { execution_id: id, priority: 8, changed: true, message }]);
    const again = "It has this priority already; nothing was changed.";
    expect(await patch(id, { priority: 8 })).toEqual([200, { execution_id: id, priority: 8, changed: false, message: again }]);
    expect((await send("GET", `/workflows/${id}`)).json.priority).toBe(8);
    await served.run(id);
    expect(await patch(id, { priority: 1 })).toMatchObject([409, { code: "already_finished" }]);
  });
  test("refuses bodies that are none, and who is not there", async () => {
    const id = await create([{ id: "a", handler: "noop" }]);
    for (const [status, body] of [
      [400, undefined],
      [400, "{"],
      [422, {}],
      [422, { priority: 11 }],
      [422, { priority: 1.5 }],
      [422, { priority: "high" }],
      [422, [8]],
    ] as const) {
      expect([body, (await patch(id, body))[0]]).toEqual([body, status]);
    }
    expect(await patch("nobody", { priority: 1 })).toMatchObject([404, {}]);
    expect((await send("GET", `/workflows/${id}`)).json.priority).toBe(5);
  });
});

describe("POST /workflows/{id}/pause and /resume", () => {
  test("hold it and let it go on", async () => {
    const { id, name } = await running();
    const paused = "The workflow is paused: what runs goes on, and nothing begins until it is resumed.";
    expect(await say(id, "pause")).toEqual([200, { execution_id: id, status: "PAUSED", changed: true, message: paused }]);
    const again = "The workflow was paused before; nothing was changed.";
    expect(await say(id, "pause")).toEqual([200, { execution_id: id, status: "PAUSED", changed: false, message: again }]);
    release(name);
    await becomes(id, "b", "QUEUED");
    expect((await send("GET", `/workflows/${id}`)).json).toMatchObject({
      status: "PAUSED",
      nodes: { b: { reason: "The execution is paused." } },
    });
    expect(await say(id, "resume")).toEqual([
      200,
      { execution_id: id, status: "RUNNING", changed: true, message: "The workflow goes on." },
    ]);
    expect((await send("GET", `/workflows/${id}/results?wait=10s`)).json.status).toBe("COMPLETED");
    expect(await say(id, "resume")).toMatchObject([
      409,
      { code: "not_running", detail: "The workflow is not running (COMPLETED); nothing was changed." },
    ]);
  });

  test("of what runs, a resume changes nothing", async () => {
    const { id } = await running();
    const message = "The workflow was not paused; nothing was changed.";
    expect(await say(id, "resume")).toEqual([200, { execution_id: id, status: "RUNNING", changed: false, message }]);
  });

  test("refuse what is not triggered and who is not there", async () => {
    const id = await create([{ id: "a", handler: "noop" }]);
    for (const command of ["pause", "resume"]) {
      expect(await say(id, command)).toMatchObject([409, { code: "not_running" }]);
      expect(await say("nobody", command)).toMatchObject([404, {}]);
    }
  });
});

describe("DELETE /workflows/{id}", () => {
  const remove = (id: string, query = "") => send("DELETE", `/workflows/${id}${query}`);
  test("deletes what has ended, with 204 and without a body", async () => {
    const id = await create([{ id: "a", handler: "noop" }]);
    await served.run(id);
    const removed = await remove(id);
    expect([removed.status, removed.text]).toEqual([204, ""]);
    expect([(await remove(id)).status, (await send("GET", `/workflows/${id}`)).status]).toEqual([404, 404]);
  });
  test("refuses what runs, unless it is to be cancelled: then it is gone once nothing of it runs", async () => {
    const { id } = await running();
    const refused = await remove(id);
    const detail = "The workflow has not ended (RUNNING); cancel it, or send cancel=true.";
    expect([refused.status, refused.json]).toMatchObject([409, { code: "not_finished", detail }]);
    expect((await remove(id, "?cancel=false")).status).toBe(409);
    expect((await remove(id, "?cancel=maybe")).status).toBe(422);
    const accepted = await remove(id, "?cancel=true");
    const message = "The workflow is cancelled; it is deleted once nothing of it runs any more.";
    expect([accepted.status, accepted.json]).toEqual([202, { execution_id: id, status: "accepted", message }]);
    while ((await send("GET", `/workflows/${id}`)).status !== 404) await new Promise<void>((resolve) => setImmediate(resolve));
  });
});

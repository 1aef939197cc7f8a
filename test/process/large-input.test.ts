/** Input that takes long to read: others are answered meanwhile. Before, each of these held everybody up for 16 seconds and more. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { create, endOf, expectJson, post, whenTaken } from "./client.ts";
import { endAll, newHome, type Server, startServer } from "./server.ts";

/** On a machine with nothing else to do the longest is under 100 ms; here others may have it for a while. */
const LONGEST_MS = 5_000;

let server: Server;
beforeAll(async () => {
  server = await startServer(newHome());
});
afterAll(endAll);

/** What `work` answers, and how long a look at the health took at most while it was under way, and after it. */
async function whileLooking<T>(work: Promise<T>): Promise<{ readonly answer: T; readonly looks: number; readonly longestMs: number }> {
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  let looks = 0;
  let longestMs = 0;
  for (let more = true; more; ) {
    more = !isOver;
    const beganAtMs = performance.now();
    expect(await expectJson(await fetch(`${server.url}/health`), 200)).toMatchObject({ status: "running" });
    longestMs = Math.max(longestMs, performance.now() - beganAtMs);
    looks++;
  }
  return { answer: await over, looks, longestMs };
}

describe("the health is told while", () => {
  test("a trigger brings 31 MB of numbers, one of 19 digits among them, and they come out with it", async () => {
    const id = await create(server, "many numbers", [{ id: "only", handler: "noop" }]);
    const params = `{"a":[1234567890123456789,${"1,".repeat(15_900_000)}1]}`;
    const { answer, looks, longestMs } = await whileLooking(whenTaken(() => post(server, `/workflows/${id}/trigger`, params)));
    expect(answer.status).toBe(200);
    expect(looks).toBeGreaterThan(3);
    expect(longestMs).toBeLessThan(LONGEST_MS);
    expect((await endOf(server, id)).status).toBe("COMPLETED");
  });

  test("they go over a node's config, since an older system's client sent the definition", async () => {
    const { execution_id: id } = await expectJson<{ execution_id: string }>(
      await whenTaken(() => post(server, "/workflow", { name: "older", dag: { nodes: [{ id: "a", handler: "noop", config: { x: 1 } }] } })),
      200,
    );
    const params = `{"a":{"x":[1234567890123456789,${"1,".repeat(7_000_000)}1]}}`;
    const { answer, longestMs } = await whileLooking(
      whenTaken(() => post(server, `/workflow/trigger/${id}`, params)).then(() => endOf(server, id)),
    );
    expect(answer.status).toBe("COMPLETED");
    expect(longestMs).toBeLessThan(LONGEST_MS);
  });

  test("31 MB that are broken at the last byte are refused with its place", async () => {
    const id = await create(server, "broken", [{ id: "only", handler: "noop" }]);
    const broken = `{"a":[${"1,".repeat(15_500_000)}]}`;
    for (const path of [`/workflows/${id}/trigger`, "/workflows"]) {
      const { answer, longestMs } = await whileLooking(whenTaken(() => post(server, path, broken)));
      expect(await expectJson<{ detail: string }>(answer, 400)).toMatchObject({ detail: expect.stringContaining("column 31000007") });
      expect(longestMs).toBeLessThan(LONGEST_MS);
    }
  });

  test("a node names 5,000 that do not come before it, in a graph of 390,000 dependencies", async () => {
    const layers = Array.from({ length: 4_000 }, (_, node) => ({
      id: `n${node}`,
      handler: "noop",
      dependencies: node < 100 ? [] : Array.from({ length: 100 }, (__, at) => `n${Math.floor(node / 100) * 100 - 100 + at}`),
    }));
    const others = Array.from({ length: 5_000 }, (_, at) => ({ id: `x${at}`, handler: "noop" }));
    const text = others.map(({ id }) => `{{ ${id}.y }}`).join("");
    const nodes = [...layers, ...others, { id: "last", handler: "noop", dependencies: ["n3999"], config: { text } }];
    const { answer, longestMs } = await whileLooking(
      create(server, "many names", nodes).then(async (id) => {
        await expectJson(await whenTaken(() => post(server, `/workflows/${id}/trigger`)), 200);
        return endOf(server, id, 120_000);
      }),
    );
    expect([answer.status, answer.failure?.code]).toEqual(["FAILED", "template_error"]);
    expect(longestMs).toBeLessThan(LONGEST_MS);
  }, 150_000);

  test("ten clients send YAML of 200 KiB", async () => {
    const node = (at: number): string => `- {id: n${at}, handler: noop, config: {a: [1, 2]}}`;
    const yaml = `name: y\ndag:\n  nodes:\n${Array.from({ length: 4_200 }, (_, at) => `    ${node(at)}`).join("\n")}\n`;
    const send = () => fetch(`${server.url}/workflows`, { method: "POST", body: yaml, headers: { "content-type": "application/yaml" } });
    const { answer, longestMs } = await whileLooking(Promise.all(Array.from({ length: 10 }, () => whenTaken(send))));
    expect(answer.map(({ status }) => status)).toEqual(Array<number>(10).fill(201));
    expect(longestMs).toBeLessThan(LONGEST_MS);
  }, 120_000);
});

describe("what many large requests take at once", () => {
  const MIB = 2 ** 20;
  const size = 30 * MIB;
  const only = (value: string): string => `{"name":"l","dag":{"nodes":[{"id":"only","handler":"noop","config":{"value":${value}}}]}}`;
  const node = (at: number): string => `{"id":"n${at}","handler":"noop","config":{"v":"${"x".repeat(250)}"}}`;
  const nodes = (): string => `{"name":"l","dag":{"nodes":[${Array.from({ length: 100_000 }, (_, at) => node(at)).join(",")}]}}`;

  /** The most that the process has held since it was last asked, which is forgotten. */
  function most(): number {
    const kibibytes = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]);
    writeFileSync(`/proc/${server.pid}/clear_refs`, "5");
    return kibibytes * 1024;
  }

  for (const [what, made, status] of [
    ["one text in a config", () => only(`"${"v".repeat(size)}"`), 201],
    ["100,000 nodes", nodes, 201],
    ["15 million numbers", () => only(`[${"1,".repeat(size / 2)}1]`), 201],
    ["10 million objects", () => only(`[${"{},".repeat(size / 3)}1]`), 413],
  ] as const) {
    test.skipIf(process.platform !== "linux")(
      `is bounded: definitions of ${what}, and none that is accepted is lost`,
      async () => {
        server = await startServer(newHome());
        most();
        const rest = most();
        const body = Buffer.from(made());
        const send = () => fetch(`${server.url}/workflows`, { method: "POST", body, headers: { "content-type": "application/json" } });
        const { answer, longestMs } = await whileLooking(Promise.all(Array.from({ length: 8 }, () => whenTaken(send))));
        expect(most() - rest).toBeLessThan(512 * MIB);
        expect(answer.map((each) => each.status)).toEqual(Array<number>(8).fill(status));
        for (const each of status === 201 ? answer : []) {
          const { execution_id: id } = (await each.json()) as { execution_id: string };
          expect((await fetch(`${server.url}/workflows/${id}?view=summary`)).status).toBe(200);
        }
        expect(longestMs).toBeLessThan(LONGEST_MS);
        await server.end("SIGKILL");
      },
      300_000,
    );
  }
});

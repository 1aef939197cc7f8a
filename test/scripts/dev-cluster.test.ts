/** What stands before and behind the instances that a developer plays with. The instances themselves are the subject of other tests. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFront } from "../../scripts/front.ts";
import { openServices } from "../../scripts/services.ts";
import { freePort, isFree } from "../services/ports.ts";
import { askRedis } from "../services/redis.ts";

const dir = mkdtempSync(join(tmpdir(), "troupe-scripts-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("the port before several instances", () => {
  test("gives each new connection to the next one that takes it, and streams what it sends", async () => {
    const instances = ["one", "two"].map((name) =>
      Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: async (request) => new Response(`${name} ${await request.text()}`) }),
    );
    const front = await openFront(0, [freePort(), ...instances.map(({ port }) => port ?? 0)]);
    const { port } = front.address() as AddressInfo;
    const body = "x".repeat(3_000_000);
    const answers: string[] = [];
    for (let request = 0; request < 6; request += 1) {
      const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body, headers: { connection: "close" } });
      const [name = "", echo] = (await answer.text()).split(" ");
      answers.push(`${name} ${echo === body}`);
    }
    expect(new Set(answers)).toEqual(new Set(["one true", "two true"]));
    await Promise.all(instances.map((instance) => instance.stop(true)));
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    front.close();
  });

  test("says which port it cannot have", async () => {
    const front = await openFront(0, [1]);
    const { port } = front.address() as AddressInfo;
    await expect(openFront(port, [1])).rejects.toThrow(`Port ${port} cannot be listened on: `);
    front.close();
  });
});

describe("a developer's services", () => {
  test("keep what they hold until the next time; one that runs already is used, and left running", async () => {
    const other = Bun.listen({ hostname: "127.0.0.1", port: freePort(), socket: { data: () => undefined } });
    const ports = { redisPort: freePort(), kafkaPort: other.port, dir };
    const first = await openServices(ports);
    expect(first.environment).toEqual({
      REDIS_URL: `redis://127.0.0.1:${ports.redisPort}`,
      KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${other.port}`,
    });
    await askRedis(ports.redisPort, "SET", "key", "kept");
    await first.stop();
    expect([isFree(ports.redisPort), isFree(other.port)]).toEqual([true, false]);
    const second = await openServices(ports);
    expect(await askRedis(ports.redisPort, "GET", "key")).toBe("kept");
    await second.stop();
    other.stop(true);
  });
});

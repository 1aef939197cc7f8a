/** What stands before and behind the instances that a developer plays with. The instances themselves are the subject of other tests. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterPlan } from "../../scripts/cluster-plan.ts";
import { openFront } from "../../scripts/front.ts";
import { openServices } from "../../scripts/services.ts";
import { readConfig } from "../../src/env/config/config.ts";
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
  test("are their own, on free ports: what listens on the usual ones is left alone", async () => {
    // Stands for somebody else's Redis: whatever is said to it would be heard.
    let heard = 0;
    const data = (): void => {
      heard += 1;
    };
    const others = Bun.listen({ hostname: "127.0.0.1", port: freePort(), socket: { data, open: data } });
    const nobodys = { redis: null, kafka: null, port: 8000 };
    const plan = clusterPlan(nobodys, undefined, (port) => port !== 8000 && port !== 8002);
    expect(plan.services).toEqual({ redis: "free", kafka: "free" });
    expect([plan.ports[0], plan.ports[2]]).toEqual([8001, 8003]);
    expect(plan.front).not.toBe(8000);
    expect(plan.ports[1]).not.toBe(8002);
    const services = await openServices({ redis: "free", kafka: null, dir: join(dir, "own") });
    const url = new URL(services.environment.REDIS_URL ?? "");
    expect(Number(url.port)).not.toBe(others.port);
    expect(await askRedis(Number(url.port), "PING")).toBe("PONG");
    expect([Object.keys(services.environment), heard]).toEqual([["REDIS_URL"], 0]);
    await services.stop();
    others.stop(true);
  });

  test("are those that the environment names, and the port is the one that it asks for", () => {
    const config = (environment: Record<string, string>) => {
      const read = readConfig(environment);
      if (!read.ok) throw new Error(read.faults.join(" "));
      return read.config;
    };
    const named = { REDIS_HOST: "127.0.0.1", KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:9092", PORT: "7000" };
    expect(clusterPlan(config(named), named.PORT, () => false)).toMatchObject({ front: 7000, services: { redis: null, kafka: null } });
    expect(clusterPlan(config({}), "", () => true)).toEqual({
      front: 8000,
      ports: [8001, 8002, 8003],
      services: { redis: "free", kafka: "free" },
    });
  });

  test("keep what they hold until the next time, wherever they are then; a folder is one's alone", async () => {
    const options = { redis: "free", kafka: null, dir } as const;
    const portIn = ({ environment }: { readonly environment: Readonly<Record<string, string>> }) =>
      Number(new URL(environment.REDIS_URL ?? "").port);
    const first = await openServices(options);
    await askRedis(portIn(first), "SET", "key", "kept");
    await expect(openServices(options)).rejects.toThrow(`Services run in ${dir} already: end those first.`);
    await first.stop();
    expect(isFree(portIn(first))).toBe(true);
    const second = await openServices(options);
    expect(await askRedis(portIn(second), "GET", "key")).toBe("kept");
    await second.stop();
  });
});

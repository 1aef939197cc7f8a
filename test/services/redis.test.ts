/** The redis-server of the tests: it does to a store what it says, and it leaves nothing behind. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { until, within } from "../process/facts.ts";
import { askRedis, freshRedis, type RedisService, startRedis } from "./redis.ts";
import { type RedisCluster, startRedisCluster } from "./redis-cluster.ts";

const started: (RedisService | RedisCluster)[] = [];
afterAll(async () => {
  await Promise.all(started.map((each) => each.stop()));
});

async function newRedis(...options: Parameters<typeof startRedis>): Promise<RedisService> {
  const redis = await startRedis(...options);
  started.push(redis);
  return redis;
}

describe("a redis-server for tests", () => {
  test("comes back after kill -9 on the same port with what is on its disk, or empty where that is wanted", async () => {
    const redis = await newRedis({ appendOnly: "always" });
    const { pid, port } = redis;
    await askRedis(port, "SET", "key", "kept");
    await redis.kill9();
    expect(redis.isRunning).toBe(false);
    await expect(askRedis(port, "PING")).rejects.toThrow();
    await redis.restart();
    expect(redis.pid).not.toBe(pid);
    expect(await askRedis(port, "GET", "key")).toBe("kept");
    await redis.restart({ empty: true });
    expect(await askRedis(port, "GET", "key")).toBeNull();
  });

  test("answers nothing while it is paused, and then everything", async () => {
    const redis = await newRedis();
    redis.pause();
    await until("the process to stand still", () => stateOf(redis.pid).startsWith("T"));
    const answer = askRedis(redis.port, "PING");
    redis.resume();
    expect(await answer).toBe("PONG");
  });

  test("that cannot start says why, with the end of its log where it has one", async () => {
    const { port } = await newRedis();
    await expect(startRedis({ port })).rejects.toThrow(`Redis cannot be started: port ${port} is in use.`);
    const failure = await startRedis({ flags: ["--no-such-setting", "1"] }).catch(String);
    expect(failure).toStartWith("Error: Redis ended at its start (exit code 1). The end of ");
    expect(failure).toContain("no-such-setting");
  });

  test("has an empty database for whoever asks", async () => {
    const [one, two] = [await freshRedis(), await freshRedis()];
    expect(one).toMatch(/^redis:\/\/127\.0\.0\.1:\d+\/\d+$/);
    expect(two).not.toBe(one);
  });

  test("ends with the process that started it, also when that is killed, and so do its files", async () => {
    const child = Bun.spawn([process.execPath, join(import.meta.dir, "fixtures/starts-redis.ts")], { stdout: "pipe", stderr: "inherit" });
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value = "" } = await within("the line of the child", reader.read());
    const [pid = "", dir = ""] = value.trim().split(" ");
    expect(stateOf(Number(pid))).not.toBe("");
    child.kill("SIGKILL");
    await until(`the end of Redis, process ${pid}`, () => /^(Z|$)/.test(stateOf(Number(pid))));
    await until(`the deletion of ${dir}`, () => !existsSync(dir));
  });
});

describe("a Redis Cluster for tests", () => {
  test("has its slots on three nodes, each of which sends a client on to the others", async () => {
    const cluster = await startRedisCluster();
    started.push(cluster);
    const answers = await Promise.all(cluster.nodes.map(({ port }) => askRedis(port, "SET", "{s17}:lease", "1").catch(String)));
    expect(answers.filter((answer) => answer === "OK").length).toBe(1);
    expect(answers.filter((answer) => String(answer).includes("MOVED")).length).toBe(2);
  });
});

/** As `ps` shows it: T is stopped, Z has ended and was not asked for, nothing is gone. */
function stateOf(pid: number): string {
  return Bun.spawnSync(["ps", "-o", "stat=", "-p", `${pid}`])
    .stdout.toString()
    .trim();
}

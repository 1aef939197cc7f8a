/** `npm run dev` and the image start the server by a supervisor: what it starts again, what it does not, and what it passes on. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { create, endOf, type NodeSpec, start, trigger } from "./client.ts";
import { until, within } from "./facts.ts";
import { endAll, type Environment, type Home, launch, newHome, type Run, readiness } from "./server.ts";

afterAll(endAll);

const BY = ["sh", join(import.meta.dir, "../../scripts/supervise.sh")];
const aborts: readonly NodeSpec[] = [{ id: "culprit", handler: "misbehave", config: { way: "aborts" } }];

const supervised = (home: Home, environment: Environment = {}): Run => launch(home, environment, { by: BY });

/** A fixed port, so that a server that was started again is found where its first life was. */
function freePort(): number {
  const probe = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = probe;
  void probe.stop(true);
  return port ?? 0;
}

function children(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

function isThere(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

test("a server that a handler kills is started again, says so, and finds the handler out; SIGTERM ends it with 0", async () => {
  const home = newHome();
  const run = supervised(home, { PORT: `${freePort()}`, APP_BASE_BACKOFF: "5" });
  const at = await readiness(run);
  const id = await create(at, "aborts", aborts);
  await trigger(at, id).catch(() => undefined);
  const end = await until("the end of what kills the server", () => endOf(at, id, 1_000).catch(() => null));
  expect([end.status, end.failure?.kind]).toEqual(["FAILED", "poison"]);
  const said = run.stderr.filter((line) => line.includes("The server died"));
  expect(said.map((line) => JSON.parse(line))).toMatchObject([
    { level: "error", message: "The server died (signal ABRT); it starts again in 1 s, and goes on where it was." },
    { level: "error", message: "The server died (signal ABRT); it starts again in 2 s, and goes on where it was." },
  ]);
  const [server = 0] = children(run.pid);
  expect(await run.end("SIGTERM")).toEqual({ exitCode: 0, signal: null });
  expect(isThere(server)).toBe(false);
});

test("a kill -9 of the server brings another, which has what was accepted", async () => {
  const home = newHome();
  const run = supervised(home, { PORT: `${freePort()}` });
  const at = await readiness(run);
  const id = await create(at, "kept", [{ id: "only", handler: "noop" }]);
  process.kill(children(run.pid)[0] ?? 0, "SIGKILL");
  await until("the next life", () =>
    fetch(`${at.url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  await trigger(at, id);
  expect((await endOf(at, id)).status).toBe("COMPLETED");
  expect(run.stderr.join("\n")).toContain("signal KILL");
  await run.end("SIGTERM");
});

test.each<[string, NodeJS.Signals]>([
  ["Ctrl-C", "SIGINT"],
  ["SIGTERM", "SIGTERM"],
])("%s ends both cleanly, also while a handler runs", async (_, signal) => {
  const home = newHome();
  const run = supervised(home);
  const at = await readiness(run);
  await start(at, "waits", [{ id: "held", handler: "gate", config: { gate: "late", hears: true } }]);
  await until("its begin", () => home.witnessed().length > 0);
  const [server = 0] = children(run.pid);
  home.open("late");
  expect(await run.end(signal)).toEqual({ exitCode: 0, signal: null });
  expect(isThere(server)).toBe(false);
  expect(run.stderr.some((line) => line.includes("The server died"))).toBe(false);
});

test.each([
  [70, 2],
  [7, 2],
  [0, 1],
  [1, 1],
  [130, 1],
])("after exit code %i it is begun %i times", async (code, lives) => {
  const file = join(newHome().dir, "lives");
  // The second life ends well.
  const command = `echo life >> "$0"; [ $(wc -l < "$0") = 1 ] && exit ${code}; exit 0`;
  const child = Bun.spawn([...BY, "sh", "-c", command, file], { stderr: "pipe" });
  expect(await within("its end", child.exited)).toBe(lives === 1 ? code : 0);
  expect(readFileSync(file, "utf8").trim().split("\n").length).toBe(lives);
});

test("a refused start is not tried again, and its exit code and words are passed on", async () => {
  const run = supervised(newHome(), { PORT: "99999" });
  expect(await within("the refusal", run.ended)).toEqual({ exitCode: 1, signal: null });
  expect(run.stderr.join("\n")).toContain('PORT is "99999"');
  expect(run.stderr.join("\n")).not.toContain("starts again");
});

test("SIGHUP reaches the server, which loads handlers again", async () => {
  const home = newHome();
  const dir = join(home.dir, "handlers");
  mkdirSync(dir);
  const write = (word: string): void =>
    writeFileSync(
      join(dir, "say.ts"),
      `import { defineHandler } from "troupe"; export default defineHandler({ name: "say", run: () => "${word}" });`,
    );
  write("old");
  const run = supervised(home, { APP_HANDLERS_DIR: dir });
  const at = await readiness(run);
  write("new");
  run.signal("SIGHUP");
  await until("the reload", () => run.stderr.some((line) => line.includes("were loaded again")));
  expect((await endOf(at, await start(at, "says", [{ id: "only", handler: "say" }]))).nodes.only?.output).toBe("new");
  await run.end("SIGTERM");
});

test("a signal in the pause between two lives ends it", async () => {
  const run = supervised(newHome());
  await readiness(run);
  process.kill(children(run.pid)[0] ?? 0, "SIGKILL");
  await until("the pause", () => run.stderr.some((line) => line.includes("starts again")));
  expect(await run.end("SIGTERM")).toEqual({ exitCode: 0, signal: null });
});

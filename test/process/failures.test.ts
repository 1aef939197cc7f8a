/** What a failure leaves behind in the running server: its place in the user's code, in the log and in the views. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endOf, type NodeSpec, start } from "./client.ts";
import { until } from "./facts.ts";
import { endAll, newHome, type Server, startServer } from "./server.ts";

afterAll(endAll);

type Line = Readonly<Record<string, unknown>> & { readonly level: string; readonly message: string };

let server: Server;
let dir = "";
beforeAll(async () => {
  const home = newHome();
  dir = join(home.dir, "handlers");
  mkdirSync(dir);
  writeFileSync(
    join(dir, "shop.ts"),
    `import { defineHandler } from "troupe";
import { charge } from "./_bank.ts";

type Config = { readonly way: string };

export default defineHandler({
  name: "shop",
  async run(config, { log }) {
    log.warn("Charging.", { node: "forged", execution: "forged", cents: 5n });
    await Bun.sleep(1);
    return charge(config as Config);
  },
});
`,
  );
  writeFileSync(
    join(dir, "storm.ts"),
    `import { defineHandler } from "troupe";

export default defineHandler({ name: "storm", run() { throw new Error("stormy"); } });
`,
  );
  writeFileSync(
    join(dir, "_bank.ts"),
    `type Way = { readonly way: string };

export function charge({ way }: Way): never {
  if (way === "exits") process.exit(0);
  if (way === "loops") for (;;);
  throw new RangeError("too many cents");
}
`,
  );
  server = await startServer(home, { APP_HANDLERS_DIR: dir, APP_BASE_BACKOFF: "5", APP_ABORT_GRACE: "100ms" });
});

const lines = (): readonly Line[] => server.stderr.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Line);

function said(what: string, of: (line: Line) => boolean): Promise<Line> {
  return until(what, () => lines().find(of) ?? null);
}

const one = (way: string, rest: Partial<NodeSpec> = {}): readonly NodeSpec[] => [{ id: "pay", handler: "shop", config: { way }, ...rest }];

test("a failure has its stack, with files and lines of the user's, in the view and at each attempt in the log; its execution is an error", async () => {
  const end = await endOf(server, await start(server, "buys", one("throws", { retry: { max_attempts: 2 } })));
  const stack = `RangeError: too many cents\n    at charge (${dir}/_bank.ts:6:13)\n    at run (${dir}/shop.ts:11:12)`;
  expect(end.failure).toMatchObject({ node: "pay", attempt: 2, code: "RangeError", stack });
  const of = (line: Line): boolean => line.execution === end.execution_id;
  await said("the failure of the execution", (line) => of(line) && line.level === "error");
  const attempts = lines().filter((line) => of(line) && line.message === "An attempt failed.");
  expect(attempts.map(({ level, node, attempt, handler, error, stack: told }) => ({ level, node, attempt, handler, error, told }))).toEqual(
    [1, 2].map((attempt) => ({ level: "warn", node: "pay", attempt, handler: "shop", error: "too many cents", told: stack })),
  );
  const [failed] = lines().filter((line) => of(line) && line.level === "error");
  expect(failed).toMatchObject({ message: "An execution failed.", name: "buys", error: end.error });
});

test("a handler's fields stand apart in its lines", async () => {
  const line = await said("a line of the handler", ({ message }) => message === "Charging.");
  expect(line).toMatchObject({ node: "pay", fields: { node: "forged", execution: "forged", cents: "5" } });
  expect(line.execution).not.toBe("forged");
});

test("a timeout is told as a failed attempt", async () => {
  const id = await start(server, "hangs", one("loops", { timeout: "1s", retry: { max_attempts: 1 } }));
  expect((await endOf(server, id)).failure).toMatchObject({ kind: "timeout", stack: null });
  const line = await said("the timeout", ({ execution, level }) => execution === id && level === "warn");
  await until("the failed attempt", () => lines().some((each) => each.execution === id && each.code === "timeout"));
  expect(line.node).toBe("pay");
});

test("of a storm of failures a burst is told, and how many more there were", async () => {
  const nodes = Array.from({ length: 20 }, (_, n) => ({
    id: `n${n}`,
    handler: "storm",
    retry: { max_attempts: 100, initial_interval: 0 },
  }));
  const id = await start(server, "storms", nodes);
  const { nodes: ends } = await endOf(server, id);
  const failed = Object.values(ends).reduce((sum, { attempts }) => sum + attempts, 0);
  const ofStorm = (message: string): readonly Line[] => lines().filter((line) => line.handler === "storm" && line.message === message);
  const leftOut = (): number => ofStorm("Further lines like these were left out.").reduce((sum, line) => sum + (line.leftOut as number), 0);
  // On a busy machine a thread that seems stuck is replaced, and takes with it what it had not told yet.
  await until("others are told of", () => leftOut() > 0);
  expect(failed).toBeGreaterThan(1_000);
  expect(ofStorm("An attempt failed.").length + leftOut()).toBeLessThanOrEqual(failed);
  expect(ofStorm("An attempt failed.").length).toBeLessThan(failed / 5);
});

test("the death of a thread, and of a child process, names what ran there", async () => {
  const id = await start(server, "exits", one("exits"));
  expect((await endOf(server, id)).failure?.kind).toBe("poison");
  const deaths = lines().filter(({ message }) => message.includes(" died ("));
  expect(
    deaths.map(({ message, attempts }) => [message.split(" died")[0], (attempts as readonly string[]).includes(`${id}/pay/1 (shop)`)])[0],
  ).toEqual(["A thread", true]);
  expect(deaths.at(-1)).toMatchObject({ message: expect.stringContaining("A child process died"), attempts: [`${id}/pay/3 (shop)`] });
  await until("the poison", () => lines().some((each) => each.execution === id && each.code === "poison"));
});

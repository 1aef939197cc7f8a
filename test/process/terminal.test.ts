/** A server in a terminal: what Ctrl-C does, and the end of the window. */
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { until, within } from "./facts.ts";
import { endAll, newHome } from "./server.ts";

afterAll(endAll);

const root = join(import.meta.dir, "../..");
const SERVER = [process.execPath, join(root, "src/main.ts")];
const SUPERVISED = ["sh", join(root, "scripts/supervise.sh"), ...SERVER];

function inTerminal(command: readonly string[]): { readonly child: Bun.Subprocess; seen(): string } {
  const home = newHome();
  const decoder = new TextDecoder();
  let seen = "";
  const child = Bun.spawn([...command], {
    cwd: home.dir,
    env: { PATH: process.env.PATH ?? "", HOME: home.dir, PORT: "0", APP_DATA_DIR: home.dataDir, WORKER_CONCURRENCY: "1" },
    terminal: {
      data(_, bytes) {
        seen += decoder.decode(bytes, { stream: true });
      },
    },
  });
  return { child, seen: () => seen };
}

test.each([
  ["the server itself", SERVER],
  ["the supervisor", SUPERVISED],
])("a window that is closed ends %s cleanly, though its last words have nowhere to go", async (_, command) => {
  const { child, seen } = inTerminal(command);
  await until("the ready line", () => seen().includes("is ready at"));
  child.terminal?.close();
  expect(await within("its end", child.exited)).toBe(0);
});

test("Ctrl-C, which reaches both, is one wish: the server ends cleanly, and is not started again", async () => {
  const { child, seen } = inTerminal(SUPERVISED);
  await until("the ready line", () => seen().includes("is ready at"));
  child.terminal?.write("\u0003");
  expect(await within("its end", child.exited)).toBe(0);
  expect(seen()).toContain("Stopped.");
  expect(seen()).not.toContain("starts again");
});

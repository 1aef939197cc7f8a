/** The README's first workflow and handler, run as they are printed there: the answers are what the server says. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endOf, resultsOf, start } from "./client.ts";
import { endAll, newHome, startServer } from "./server.ts";

const readme = readFileSync(join(import.meta.dir, "../../README.md"), "utf8");
const ID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const TIME = /"\d{4}-\d\d-\d\dT[0-9:.]+Z"/g;

afterAll(endAll);

test("the first workflow of the README is one paste, and gives the answers that are printed below it", async () => {
  const server = await startServer(newHome(), { APP_MOCK_LATENCY_MS: "300" });
  const paste = block("first workflow", "sh").replaceAll("localhost:8000", server.url.replace("http://", ""));
  const run = Bun.spawn(["sh", "-c", paste], { stdout: "pipe", stderr: "pipe" });
  const [said, faults] = await Promise.all([run.stdout.text(), run.stderr.text()]);
  if ((await run.exited) !== 0) throw new Error(`The README's first workflow failed (are curl and sed installed?): ${faults}`);
  const [triggered, summary, results, ...more] = said.trim().split("\n");
  const printed = block("first workflow", "json").split("\n");
  expect([triggered, results].map(steady)).toEqual([printed[0], printed[2]].map(steady));
  // How far it is by then is a matter of milliseconds; that the fields are the same is not.
  expect(Object.keys(JSON.parse(summary ?? ""))).toEqual(Object.keys(JSON.parse(printed[1] ?? "")));
  expect([more, printed.length]).toEqual([[], 3]);
});

test("the handler of the README does what it says", async () => {
  const home = newHome();
  const handlers = join(home.dir, "handlers");
  mkdirSync(handlers);
  writeFileSync(join(handlers, "greet.ts"), block("handler", "ts"));
  const server = await startServer(home, { APP_HANDLERS_DIR: handlers });
  const greet = (name: string) => start(server, "greeting", [{ id: "greet", handler: "greet", config: { name } }]);
  const [somebody, nobody] = [await greet("Ada"), await greet("nobody")];
  expect(await endOf(server, somebody)).toMatchObject({ status: "COMPLETED" });
  expect(await resultsOf(server, somebody)).toEqual({ greet: { greeting: "Hello Ada", attempt: 1 } });
  expect(await endOf(server, nobody)).toMatchObject({ status: "FAILED", failure: { code: "nobody_there" } });
});

test("the README fits on a few screens", () => expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(150));

test("the command that the server prints at its start works", async () => {
  const server = await startServer(newHome());
  const line = server.stdout.find((each) => each.includes("Try it"))?.split("Try it")[1] ?? "";
  const said = await Bun.spawn(["sh", "-c", line], { stdout: "pipe" }).stdout.text();
  expect(JSON.parse(said)).toMatchObject({ name: "hello", status: "PENDING" });
});

/** The first block in this language behind a marker. */
function block(marker: string, language: string): string {
  const found = new RegExp(`<!-- readme: ${marker} -->\\n.*?\`\`\`${language}\\n(.*?)\\n\`\`\``, "s").exec(readme);
  if (found === null) throw new Error(`README.md has no "<!-- readme: ${marker} -->" with a block of ${language} behind it.`);
  return found[1] ?? "";
}

function steady(text: string | undefined): string {
  return (text ?? "").replace(ID, "<id>").replace(TIME, '"<time>"');
}

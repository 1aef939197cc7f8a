/** The README's first workflow, run as it is printed there: its answers are what the server says. */
import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { endAll, newHome, startServer } from "./server.ts";

const readme = readFileSync(join(import.meta.dir, "../../README.md"), "utf8");
const STEPS = ["create", "trigger", "status", "results"];
const ID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const TIME = /"\d{4}-\d\d-\d\dT[0-9:.]+Z"/g;

afterAll(endAll);

test("the commands of the README's first workflow give the answers that are printed below them", async () => {
  const server = await startServer(newHome(), { APP_MOCK_LATENCY_MS: "300" });
  const printedId = blocks("create").answer.match(ID)?.[0] ?? "";
  let id = printedId;
  for (const step of STEPS) {
    const { command, answer } = blocks(step);
    const curl = command.replaceAll("localhost:8000", server.url.replace("http://", "")).replaceAll(printedId, id);
    const run = Bun.spawn(["sh", "-c", curl], { stdout: "pipe", stderr: "pipe" });
    const [said, faults] = await Promise.all([run.stdout.text(), run.stderr.text()]);
    if ((await run.exited) !== 0) throw new Error(`The README's ${step} failed (is curl installed?): ${faults}`);
    if (step === "create") id = said.match(ID)?.[0] ?? "";
    // How far it is by then is a matter of milliseconds; that the fields are the same is not.
    if (step === "status") expect(Object.keys(JSON.parse(said))).toEqual(Object.keys(JSON.parse(answer)));
    else expect(steady(said)).toBe(steady(answer));
  }
});

test("the command that the server prints at its start works", async () => {
  const server = await startServer(newHome());
  const line = server.stdout.find((each) => each.includes("Try it"))?.split("Try it")[1] ?? "";
  const said = await Bun.spawn(["sh", "-c", line], { stdout: "pipe" }).stdout.text();
  expect(JSON.parse(said)).toMatchObject({ name: "hello", status: "PENDING" });
});

/** The command and the answer that stand behind a marker. */
function blocks(step: string): { readonly command: string; readonly answer: string } {
  const found = new RegExp(`<!-- readme: ${step} -->\\n\`\`\`sh\\n(.*?)\\n\`\`\`\\n\`\`\`json\\n(.*?)\\n\`\`\``, "s").exec(readme);
  if (found === null) throw new Error(`README.md has no "<!-- readme: ${step} -->" with a sh and a json block behind it.`);
  return { command: found[1] ?? "", answer: found[2] ?? "" };
}

function steady(text: string): string {
  return text.trim().replace(ID, "<id>").replace(TIME, '"<time>"');
}

/**
 * `npm run dev -- --watch`: the server, which stops in good order and starts again whenever a file of src/ changes, so that nothing that
 * runs counts as a death. Your own handlers are reloaded without that. A server that ends by itself waits for the next change.
 */
import { join } from "node:path";
import { endWith } from "./ending.ts";
import { runsAgain } from "./runs-again.ts";

const root = join(import.meta.dir, "..");
/** The grace period: a developer who changes the code does not want to wait for running executions, and they go on after the start. */
const GRACE = "1s";

const running = runsAgain({
  command: [process.execPath, join(root, "src/main.ts")],
  cwd: process.cwd(),
  env: { APP_HANDLERS_WATCH: "true", APP_DRAIN_GRACE: GRACE, ...process.env },
  folders: [join(root, "src")],
  say: (sentence) => console.error(sentence),
  ended: (code) => `The server ended with exit code ${code}. It starts again when a file of src/ changes.`,
});
endWith(() => running.stop());

/** `npm run test:watch FILE...`: runs these test files, and again whenever a file of src/ or test/ changes. `-t PATTERN` selects of them. */
import { join } from "node:path";
import { endWith } from "./ending.ts";
import { runsAgain } from "./runs-again.ts";

/** As in scripts/test.ts. */
const TEST_TIMEOUT_MS = 180_000;

const root = join(import.meta.dir, "..");
const selection = process.argv.slice(2);

if (selection.length === 0) {
  console.error("Which tests? Name at least one file, or a part of its path: npm run test:watch test/env/backoff.test.ts");
  process.exit(1);
}
const running = runsAgain({
  command: [process.execPath, "test", "--isolate", `--timeout=${TEST_TIMEOUT_MS}`, ...selection],
  cwd: root,
  env: { BUN_CONFIG_MAX_HTTP_REQUESTS: "65535", ...process.env },
  folders: [join(root, "src"), join(root, "test")],
  say: (sentence) => console.error(sentence),
  ended: () => "It waits for a change of src/ or test/; Ctrl-C ends it.",
});
endWith(() => running.stop());

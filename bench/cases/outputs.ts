/** A fan-out whose nodes put something out: what bytes cost on their way from a thread to the store, and to a join that reads them. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchFolder } from "../bench-engine.ts";
import type { Case } from "../case.ts";
import { fanOut } from "../definitions.ts";
import { oneAtATime } from "./one-at-a-time.ts";

const WIDTH = 1_000;
const SIZE = 100;
const MB = 1e6;
/** All that was put out stays in the store to the end, so rounds are no longer than this many bytes. */
const BYTES_A_ROUND = 50 * MB;

export const outputsCase: Case = {
  name: "outputs",
  title: "1 → n → 1 where each of the n puts out a text of `size` bytes; with part=read the last node reads them all",
  async start(variant, services) {
    const { n: width = WIDTH, size = SIZE, part } = variant;
    const dir = handlersFolder(size);
    const subject = await oneAtATime({
      variant,
      services,
      definition: fanOut(width, { handler: "text", join: part === "read" ? "read_all" : "noop" }),
      nodes: width + 2,
      environment: { APP_HANDLERS_DIR: dir },
      runsMost: Math.max(1, Math.floor(BYTES_A_ROUND / (width * size))),
      measure: (ms) => ({ "nodes/s": ((width + 2) / ms) * 1_000, "MB/s": ((width * size) / MB / ms) * 1_000 }),
    });
    return {
      ...subject,
      async stop() {
        await subject.stop();
        rmSync(dir, { recursive: true, force: true });
      },
    };
  },
};

/** With a handler that puts out so many bytes, its quotes included, and one that reads what its parents put out. */
function handlersFolder(size: number): string {
  const dir = benchFolder();
  mkdirSync(dir, { recursive: true });
  writeFileSync(
    join(dir, "text.ts"),
    `import { defineHandler } from "troupe";
const text = "x".repeat(${size - 2});
export default defineHandler({ name: "text", run: () => text });
`,
  );
  writeFileSync(
    join(dir, "read-all.ts"),
    `import { defineHandler } from "troupe";
export default defineHandler({
  name: "read_all",
  needs: "parents",
  run: (_config, context) => context.parents().reduce((sum, parent) => sum + parent.output.length, 0),
});
`,
  );
  return dir;
}

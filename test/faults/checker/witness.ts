/** Reads what the handlers of ../fixtures/handlers wrote down: one JSON line for each begin and each end. */
import { existsSync, readFileSync } from "node:fs";
import type { Line } from "./evidence.ts";

/** The name of the file in the folder that TEST_HOME names. */
export const WITNESS_FILE = "told.jsonl";

/** In the order of writing. A process that is killed writes a line or does not: anything else is an error. */
export function readWitness(file: string): readonly Line[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  if (lines.pop() !== "") throw new Error(`The last line of ${file} is not whole: a line must be one write.`);
  return lines.map((line) => {
    const [kind, key, attempt, execution, node, pid, atMs, token, parents] = JSON.parse(line) as [
      string,
      string,
      number,
      string,
      string,
      number,
      number,
      string,
      Record<string, string>,
    ];
    return { kind: kind === "B" ? "begin" : "end", key, attempt, execution, node, pid, atMs, token, parents: parents ?? {} };
  });
}

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, type Log, type LogOptions } from "../../../src/env/log/log.ts";
import { recordingLog } from "./recording-log.ts";

function linesOf(options: Partial<LogOptions>, say: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = [];
  say(createLog({ level: "info", instance: "one", pretty: false, write: (line) => lines.push(line), ...options }));
  return lines;
}

describe("the log", () => {
  test("is one JSON object a line, with time, level, instance, message and the fields", () => {
    const [line = ""] = linesOf({}, (log) => log.info("A thread is ready.", { thread: 2 }));
    expect(line.endsWith("}\n")).toBe(true);
    const { time, ...rest } = JSON.parse(line);
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(rest).toEqual({ level: "info", instance: "one", message: "A thread is ready.", thread: 2 });
  });

  test("says nothing below its level, and nothing at all when it is silent", () => {
    const all = (log: ReturnType<typeof createLog>) => {
      log.debug("d");
      log.info("i");
      log.warn("w");
      log.error("e");
    };
    expect(linesOf({ level: "warn" }, all).map((line) => JSON.parse(line).message)).toEqual(["w", "e"]);
    expect(linesOf({ level: "debug" }, all).map((line) => JSON.parse(line).level)).toEqual(["debug", "info", "warn", "error"]);
    expect(linesOf({ level: "silent" }, all)).toEqual([]);
  });

  test("writes an error with its message, its stack and its cause", () => {
    const error = new Error("the disk is full", { cause: new Error("ENOSPC") });
    const [line = ""] = linesOf({}, (log) => log.error("A commit failed.", { error }));
    const logged = JSON.parse(line).error;
    expect(logged.message).toBe("the disk is full");
    expect(logged.stack).toContain("log.test.ts");
    expect(logged.cause.message).toBe("ENOSPC");
  });

  describe("of a file that cannot be loaded", () => {
    const folder = mkdtempSync(join(tmpdir(), "troupe-log-"));
    afterAll(() => rmSync(folder, { recursive: true }));

    async function loadingError(name: string, text: string): Promise<unknown> {
      const file = join(folder, name);
      await Bun.write(file, text);
      return import(file).then(
        () => null,
        (error: unknown) => error,
      );
    }

    test.each([
      ["one.ts", "const x = ;", ["Unexpected ;", "one.ts:1:11"]],
      ["several.ts", "const x = 1;\nlet a = 1; let a = 2; const b = ;", ["several.ts:2:16: ", "several.ts:2:33: Unexpected ;"]],
      ["absent.ts", 'import "./nowhere.ts";', ["nowhere.ts"]],
    ])("says where and why: %s", async (name, text, expected) => {
      const error = await loadingError(name, text);
      for (const fields of [{ error }, { error: new Error("The start failed.", { cause: error }) }]) {
        for (const pretty of [false, true]) {
          const [line = ""] = linesOf({ pretty }, (log) => log.error("It broke.", fields));
          expect(expected.filter((each) => !line.includes(each))).toEqual([]);
        }
      }
    });
  });

  test("writes an error that is its own cause", () => {
    const error: Error = new Error("the snake");
    const other = new Error("the tail", { cause: error });
    Object.assign(error, { cause: other, errors: [other, error] });
    for (const pretty of [false, true]) {
      const [line = ""] = linesOf({ pretty }, (log) => log.error("It broke.", { error }));
      expect([line.includes("the snake"), line.includes("the tail")]).toEqual([true, true]);
    }
  });

  test("carries the fields of `with` on every line, errors and big integers included", () => {
    const [line = ""] = linesOf({}, (log) => log.with({ execution: "x", error: new Error("why") }).warn("Odd.", { big: 2n ** 60n }));
    expect(JSON.parse(line)).toMatchObject({ execution: "x", big: "1152921504606846976", error: { message: "why" } });
  });

  test("is readable on a terminal: time, level, sentence, fields, and the stack of an error", () => {
    const lines = linesOf({ pretty: true }, (log) => {
      log.info("A thread is ready.", { thread: 2, name: "t" });
      log.error("It broke.", { error: new Error("why") });
    });
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}A thread is ready\. thread=2 name=t\n$/);
    expect(lines[1]).toContain("ERROR It broke. error=Error: why\n    at ");
  });

  test("shows a terminal no character that it would obey, and JSON has them escaped anyway", () => {
    const hostile = "name\u001b[2J\r\nINFO all is well\u009b31m\u202e\u0007";
    const say = (log: Log): void => {
      log.info(`Said ${hostile}`, { name: hostile, list: [hostile], error: new Error(hostile) });
    };
    const obeyed = ["\u001b", "\u0007", "\u009b", "\u202e", "\r"];
    const shown = linesOf({ pretty: true }, say).join("");
    expect(obeyed.filter((character) => shown.includes(character))).toEqual([]);
    const written = linesOf({}, say);
    expect([written.length, written[0]?.includes("\u001b")]).toEqual([1, false]);
    const [line = ""] = linesOf({ pretty: true }, (log) => log.info("Said.", { name: hostile }));
    expect(line.split("\n").length).toBe(2);
    expect(line).toContain("name=name\\u001b[2J\\u000d\\u000aINFO all is well\\u009b31m\\u202e\\u0007");
  });

  test("goes to stderr unless told otherwise, so that stdout stays for people", () => {
    const script = `import { createLog } from "./src/env/log/log.ts"; createLog({ level: "info", instance: "one" }).info("Here.");`;
    const run = Bun.spawnSync([process.execPath, "-e", script], { cwd: `${import.meta.dir}/../../..` });
    expect(run.stdout.toString()).toBe("");
    expect(JSON.parse(run.stderr.toString()).message).toBe("Here.");
  });

  test("has a twin in memory that remembers what was said", () => {
    const { log, entries } = recordingLog();
    log.info("a");
    log.with({ node: "n" }).warn("b", { attempt: 1 });
    expect(entries).toEqual([
      { level: "info", message: "a", fields: {} },
      { level: "warn", message: "b", fields: { node: "n", attempt: 1 } },
    ]);
  });
});

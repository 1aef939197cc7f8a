/**
 * Fault 11: `kill -9` right before or right after each step that something durable or visible hangs on. Seen from outside:
 * the proxy knows the step by what passes by, the witness file and the client by what they are told.
 */
import { statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../process/facts.ts";
import { WITNESS_FILE } from "./checker/witness.ts";
import type { Instance } from "./instances.ts";
import type { Passing } from "./redis-proxy.ts";
import type { Fault } from "./run.ts";
import type { System } from "./system.ts";

/** `at`: whether the instance dies before Redis gets the request, or before the instance gets the reply. */
type RedisPoint = { readonly at: Passing["type"]; is(passing: Passing): boolean };
/** `cause`: what makes it come, where load alone does not. */
type Point = { readonly name: string; readonly cause?: (others: readonly Instance[]) => void } & (
  | { readonly redis: RedisPoint }
  | { readonly line: "B" | "E" }
  | { readonly answer: true }
);

/** Of a script's keys after the lane's record: the last part of the one at this place. */
const keyAt = ({ words }: Passing, place: number): string => words[3 + place]?.replace(/^.*:\{\d+\}:/, "").replace(/:.*$/, "") ?? "";
const isScript = ({ words: [name] }: Passing): boolean => /^eval(sha)?$/i.test(name ?? "");
const isCreate = (passing: Passing): boolean => isScript(passing) && keyAt(passing, 4) === "definitions";
const isCommit = (passing: Passing): boolean => isScript(passing) && keyAt(passing, 3) === "out" && keyAt(passing, 4) === "commands";
const isCommitOf = (word: string) => (passing: Passing) => isCommit(passing) && passing.frame.includes(`["${word}"`);
const isSend = (passing: Passing): boolean => isScript(passing) && passing.words[2] === "3" && keyAt(passing, 1) === "commands";
const isOutboxRead = ({ words: [name, key] }: Passing): boolean => name?.toLowerCase() === "xrange" && key?.endsWith(":out") === true;
const isTrim = (passing: Passing): boolean => isScript(passing) && keyAt(passing, 1) === "out";
const isTake = (passing: Passing): boolean => isScript(passing) && passing.words[2] === "4" && keyAt(passing, 1) === "offers";

const POINTS = [
  { name: "before an execution is created", redis: { at: "request", is: isCreate } },
  { name: "after an execution is created", redis: { at: "reply", is: isCreate } },
  { name: "before a command is sent to the owner", redis: { at: "request", is: isSend } },
  { name: "after a command is sent to the owner", redis: { at: "reply", is: isSend } },
  { name: "before a trigger is committed", redis: { at: "request", is: isCommitOf("triggered") } },
  { name: "after a trigger is committed", redis: { at: "reply", is: isCommitOf("triggered") } },
  { name: "after the answer to a client", answer: true },
  { name: "after a dispatch", line: "B" },
  { name: "after a handler's end", line: "E" },
  { name: "before a result is committed", redis: { at: "request", is: isCommitOf("completed") } },
  { name: "after a result is committed", redis: { at: "reply", is: isCommitOf("completed") } },
  { name: "after the end is committed", redis: { at: "reply", is: isCommitOf("finished") } },
  { name: "before events are published", redis: { at: "reply", is: isOutboxRead } },
  { name: "after events are published, before the outbox is trimmed", redis: { at: "request", is: isTrim } },
  { name: "after the outbox is trimmed", redis: { at: "reply", is: isTrim } },
  { name: "after a lane is taken", redis: { at: "reply", is: isTake }, cause: ([other]) => other?.kill() },
] as const satisfies readonly Point[];

/** Against hangs only: the load goes on until the last point. */
const FIRES_WITHIN_MS = 90_000;
const LOOK_MS = 2;

type PointName = (typeof POINTS)[number]["name"];

const isFailure = (passing: Passing): boolean => isCommitOf("finished")(passing) && passing.frame.includes('"FAILED"');

/**
 * Whichever instance commits an execution's failure dies right after it, until so many have: other nodes of the execution still
 * run, and what is left to do must survive.
 */
export const deathsAfterFailures =
  ({ times, withinMs }: { readonly times: number; readonly withinMs: number }): Fault =>
  async ({ instances, proxies }) => {
    let deaths = 0;
    for (const [number, proxy] of proxies.entries())
      proxy.watch((passing) => {
        if (passing.type !== "reply" || deaths === times || !isFailure(passing)) return "pass";
        deaths += 1;
        instances[number]?.kill();
        return "drop";
      });
    await until("failures to be committed", () => deaths === times, withinMs).finally(() => {
      for (const proxy of proxies) proxy.watch(null);
    });
    return { deaths };
  };

/**
 * Each point once, on one instance after the other; all of the list above where none is named. Rejects where one does not come:
 * then the keys above are not those of the engine.
 */
export const crashPoints =
  (...names: readonly PointName[]): Fault =>
  async (system) => {
    const points: readonly Point[] = names.length === 0 ? POINTS : names.flatMap((name) => POINTS.filter((point) => point.name === name));
    for (const [number, point] of points.entries()) {
      const instance = number % system.instances.length;
      await dieAt(system, instance, point);
      await system.instances[instance]?.up();
    }
    return { points: points.length };
  };

async function dieAt(system: System, number: number, point: Point): Promise<void> {
  const [instance, proxy] = [system.instances[number], system.proxies[number]];
  if (instance === undefined || proxy === undefined) throw new Error("Crash points need a proxied system.");
  const before = instance.deaths.length;
  const endMs = performance.now() + FIRES_WITHIN_MS;
  if ("redis" in point) {
    proxy.watch((passing) => {
      if (passing.type !== point.redis.at || !point.redis.is(passing)) return "pass";
      proxy.watch(null);
      instance.kill();
      return "drop";
    });
  } else if ("line" in point) {
    const file = join(system.home.dir, WITNESS_FILE);
    void dieAtLine(
      file,
      (line) => line.startsWith(`["${point.line}"`) && line.includes(`,${instance.pid},`),
      () => instance.kill(),
      endMs,
    );
  } else {
    const body = JSON.stringify({ name: "answered", dag: { nodes: [{ id: "a", handler: "noop" }] } });
    const init = { method: "POST", body, headers: { "content-type": "application/json" } };
    void until("an answer", async () => {
      const response = await fetch(`${instance.url}/workflows`, init).catch(() => null);
      if (response?.status === 201) instance.kill();
      return response?.status === 201 || performance.now() > endMs;
    });
  }
  point.cause?.(system.instances.filter((other) => other !== instance));
  await until(`${instance.name} to die ${point.name}`, () => instance.deaths.length > before, FIRES_WITHIN_MS).finally(() =>
    proxy.watch(null),
  );
}

/** Reads what is appended from now on. */
async function dieAtLine(file: string, is: (line: string) => boolean, die: () => void, endMs: number): Promise<void> {
  const handle = await open(file, "r");
  let at = statSync(file).size;
  while (performance.now() < endMs) {
    const { size } = statSync(file);
    if (size > at) {
      const bytes = Buffer.alloc(size - at);
      await handle.read(bytes, 0, bytes.length, at);
      at = size;
      if (bytes.toString().split("\n").some(is)) break;
    }
    await Bun.sleep(LOOK_MS);
  }
  if (performance.now() < endMs) die();
  await handle.close();
}

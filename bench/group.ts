/** Subjects that are measured side by side: each in a process of its own, one round of each after the other, so that a noisy minute harms all alike. */
import { resolve } from "node:path";
import type { Measured, ServicesOfRun, Variant } from "./case.ts";
import type { MetricName } from "./metrics.ts";
import { type Figure, nameOf } from "./results.ts";
import type { Said, Start } from "./subject-process.ts";

export type SubjectName = { readonly case: string; readonly variant: Variant };

export type GroupOptions = {
  readonly subjects: readonly SubjectName[];
  readonly rounds: number;
  readonly servicesOf: (subject: SubjectName) => Promise<ServicesOfRun>;
  readonly progress: (sentence: string) => void;
};

/** By then a subject has stopped, or is killed. */
const STOP_MS = 30_000;

/** `failed`: a sentence for each subject that did not do all its rounds; nothing of it is among the figures. */
export type GroupResult = { readonly figures: readonly Figure[]; readonly failed: readonly string[] };

/** One figure for each metric of each subject. What fails costs the others nothing: they are measured to the end. */
export async function runGroup({ subjects, rounds, servicesOf, progress }: GroupOptions): Promise<GroupResult> {
  const running = new Set<Running>();
  const found = new Map<SubjectName, Measured[]>();
  const failed: string[] = [];
  const fail = (subject: SubjectName, error: unknown): void => {
    const sentence = error instanceof Error ? error.message : String(error);
    progress(`FAILED, ${sentence}`);
    found.delete(subject);
    failed.push(sentence);
  };
  try {
    // One after the other: starting is work too.
    for (const subject of subjects) {
      try {
        running.add(await start(subject, await servicesOf(subject)));
        found.set(subject, []);
      } catch (error) {
        fail(subject, error);
      }
    }
    for (let round = 1; round <= rounds; round++) {
      for (const each of running) {
        try {
          found.get(each.name)?.push(await each.round());
        } catch (error) {
          fail(each.name, error);
          running.delete(each);
          await each.stop();
        }
      }
      progress(`round ${round} of ${rounds}`);
    }
  } finally {
    for (const { stop } of running) await stop();
  }
  return { figures: Array.from(found, ([name, measured]) => figuresOf(name, measured)).flat(), failed };
}

function figuresOf(subject: SubjectName, measured: readonly Measured[]): Figure[] {
  const metrics = Object.keys(measured[0] ?? {}) as MetricName[];
  return metrics.map((metric) => ({ ...subject, metric, rounds: measured.map((round) => round[metric] ?? Number.NaN) }));
}

type Running = { readonly name: SubjectName; round(): Promise<Measured>; stop(): Promise<void> };

async function start(subject: SubjectName, services: ServicesOfRun): Promise<Running> {
  const name = nameOf(subject);
  let heard: PromiseWithResolvers<Said> = Promise.withResolvers();
  const child = Bun.spawn([process.execPath, resolve(import.meta.dir, "subject-process.ts")], {
    stdio: ["ignore", "inherit", "inherit"],
    // By itself Bun allows 256, and a rival or a bare call would be measured against that.
    env: { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: "65535" },
    serialization: "json",
    ipc: (said: Said) => heard.resolve(said),
    onExit: () => heard.resolve({ type: "failed", reason: "its process ended." }),
  });
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  async function ask(message: Start | "round"): Promise<Said> {
    if (hasEnded()) throw new Error(`${name}: its process ended between two rounds.`);
    heard = Promise.withResolvers();
    child.send(message);
    const said = await heard.promise;
    if (said.type === "failed") throw new Error(`${name}: ${said.reason}`);
    return said;
  }
  try {
    await ask({ ...subject, services });
  } catch (error) {
    child.kill();
    throw error;
  }
  return {
    name: subject,
    async round() {
      const said = await ask("round");
      if (said.type !== "measured") throw new Error(`${name} answered a round with "${said.type}".`);
      return said.measured;
    },
    async stop() {
      if (!hasEnded()) child.send("stop");
      const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await child.exited;
      clearTimeout(late);
    },
  };
}

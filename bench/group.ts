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

/** One figure for each metric of each subject. Rejects with the first failure: a suite with a hole compares nothing. */
export async function runGroup({ subjects, rounds, servicesOf, progress }: GroupOptions): Promise<Figure[]> {
  const running: Running[] = [];
  const found = new Map<SubjectName, Measured[]>();
  try {
    // One after the other: starting is work too.
    for (const subject of subjects) running.push(await start(subject, await servicesOf(subject)));
    for (let round = 1; round <= rounds; round++) {
      for (const { name, round: runRound } of running) found.set(name, [...(found.get(name) ?? []), await runRound()]);
      progress(`round ${round} of ${rounds}`);
    }
  } finally {
    for (const { stop } of running) await stop();
  }
  return Array.from(found, ([name, measured]) => figuresOf(name, measured)).flat();
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
    serialization: "json",
    ipc: (said: Said) => heard.resolve(said),
    onExit: () => heard.resolve({ type: "failed", reason: "its process ended." }),
  });
  async function ask(message: Start | "round"): Promise<Said> {
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
      if (child.exitCode === null && child.signalCode === null) child.send("stop");
      await child.exited;
    },
  };
}

/** Instances that keep their name and port through any number of deaths, so that clients find them again. */
import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { within } from "../process/facts.ts";
import { type Environment, type Home, launch, readiness, type Run } from "../process/server.ts";
import { freePort } from "../services/ports.ts";

export type Instance = {
  readonly name: string;
  readonly url: string;
  /** Of the process that runs now; null where none does. */
  readonly pid: number | null;
  /** Every end of a process that was not asked to end for good, and when; killed ones by when they were killed. */
  readonly deaths: readonly Death[];
  /** From now on it runs, and is started again whenever it ends. Resolves when it answers. */
  start(): Promise<void>;
  /** Resolves when it answers. */
  up(): Promise<void>;
  /** `kill -9` at once, from within whatever is going on. Nothing is waited for. */
  kill(): void;
  signal(name: NodeJS.Signals): void;
  /** Ends it with this signal, and does not start it again. */
  stop(name: NodeJS.Signals): Promise<void>;
  /** From its next start on it runs the sources of this entry; undefined for the project's own. */
  runs(main: string | undefined): void;
  /** Everything that its processes logged, with a line between two of them. */
  said(): readonly string[];
};

export type Death = { readonly pid: number; readonly atMs: number; readonly exitCode: number | null };

export type InstanceOptions = {
  readonly home: Home;
  readonly name: string;
  readonly environment: Environment;
  /** The entry of a changed copy of the sources; undefined for the project's own. */
  readonly main?: string | undefined;
};

const UP_DEADLINE_MS = 60_000;
const START_AGAIN_MS = 200;

export function newInstance({ home, name, environment, main: first }: InstanceOptions): Instance {
  let main = first;
  const port = freePort();
  const boots: Run[] = [];
  const deaths: Death[] = [];
  let current: Run | null = null;
  let killedAtMs: number | null = null;
  let ready = Promise.withResolvers<void>();
  let wanted = false;

  async function keepUp(): Promise<void> {
    while (wanted) {
      const run = launch(home, { PORT: String(port), WORKER_ID: name, ...environment }, main === undefined ? {} : { main });
      boots.push(run);
      current = run;
      killedAtMs = null;
      const isUp = await readiness(run).then(
        () => true,
        // It says why in its log; Redis may be away, and then it is started again.
        () => false,
      );
      if (isUp) ready.resolve();
      const { exitCode } = await run.ended;
      current = null;
      if (isUp) ready = Promise.withResolvers();
      if (!wanted) return;
      if (isUp) deaths.push({ pid: run.pid, atMs: killedAtMs ?? Date.now(), exitCode });
      else await Bun.sleep(START_AGAIN_MS);
    }
  }
  let keeping = Promise.resolve();

  const up = (): Promise<void> =>
    within(`${name} to answer; its last process said:\n${boots.at(-1)?.stderr.slice(-20).join("\n")}`, ready.promise, UP_DEADLINE_MS);
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    get pid() {
      return current?.pid ?? null;
    },
    deaths,
    start() {
      if (!wanted) {
        wanted = true;
        keeping = keepUp();
      }
      return up();
    },
    up,
    kill() {
      killedAtMs ??= Date.now();
      current?.signal("SIGKILL");
    },
    signal: (signal) => current?.signal(signal),
    async stop(signal) {
      wanted = false;
      current?.signal(signal);
      await within(`the end of ${name} after ${signal}`, keeping);
    },
    runs(next) {
      main = next;
    },
    said: () => boots.flatMap((run, boot) => [`--- ${name}, process ${run.pid}, start ${boot + 1}`, ...run.stderr]),
  };
}

/** Puts what the instances said, and the handlers' witness file, where a person can read them. */
export function keepLogs(dir: string, instances: readonly Instance[], witness: string): void {
  for (const instance of instances) writeFileSync(join(dir, `${instance.name}.log`), `${instance.said().join("\n")}\n`);
  if (existsSync(witness)) copyFileSync(witness, join(dir, basename(witness)));
}

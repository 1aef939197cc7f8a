/** A real service as a child process that a test may kill, pause and start again on the same port and files. */
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expectKeeper, keep } from "./keeper.ts";
import { isFree } from "./ports.ts";

const PAUSE_MS = 10;
/** Starts take 0.1 s (Redis) to 4 s (Kafka) on an idle machine; this one has seven other things to do. */
const READY_DEADLINE_MS = 60_000;
const LOG_LINES_SHOWN = 30;

export type Service = {
  /** Of the process that runs, or of the last that ran. */
  readonly pid: number;
  readonly port: number;
  /** Its files and its log, `service.log`. */
  readonly dir: string;
  readonly isRunning: boolean;
  /** Resolves when the process is gone. */
  kill9(): Promise<void>;
  /** Starts again with the same port and files, after a kill -9 where it still runs; resolves when it answers. `empty`: its files are gone. */
  restart(options?: { readonly empty?: boolean }): Promise<void>;
  /** SIGSTOP: connections stand, nothing answers. */
  pause(): void;
  resume(): void;
  /** SIGTERM, after a grace period SIGKILL; its files are deleted where they were made here. */
  stop(): Promise<void>;
};

export type Recipe = {
  /** For messages: "Redis". */
  readonly name: string;
  readonly port: number;
  readonly dir: string;
  /** Whether the folder was made for this service, to be deleted with it. */
  readonly isDirOurs: boolean;
  /** What its files are in `dir`: what a restart with `empty` deletes. */
  readonly dataDir: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Before each start: makes files that it needs and that are not there. */
  prepare?(): void;
  /** Whether it answers; asked again and again. May throw. */
  isReady(): Promise<boolean>;
  readonly stopGraceMs: number;
};

/** Resolves when the service answers. Rejects with the end of its log where it ends instead, or does not answer in time. */
export async function startService(recipe: Recipe): Promise<Service> {
  let child = await launch(recipe);
  const signal = (name: NodeJS.Signals) => {
    if (!isRunning(child)) throw new Error(`${recipe.name} does not run: there is nothing to send ${name} to.`);
    child.kill(name);
  };
  const kill9 = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return {
    port: recipe.port,
    dir: recipe.dir,
    get pid() {
      return child.pid;
    },
    get isRunning() {
      return isRunning(child);
    },
    kill9,
    async restart({ empty = false } = {}) {
      await kill9();
      if (empty) rmSync(recipe.dataDir, { recursive: true, force: true });
      child = await launch(recipe);
    },
    pause: () => signal("SIGSTOP"),
    resume: () => signal("SIGCONT"),
    async stop() {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), recipe.stopGraceMs);
      await child.exited;
      clearTimeout(late);
      if (recipe.isDirOurs) rmSync(recipe.dir, { recursive: true, force: true });
    },
  };
}

async function launch(recipe: Recipe): Promise<Bun.Subprocess> {
  const { name, port, dir, command, environment = {}, prepare, isReady } = recipe;
  expectKeeper();
  // What answers there would be taken for the service that is started here.
  if (!isFree(port)) throw new Error(`${name} cannot be started: port ${port} is in use.`);
  prepare?.();
  const logFile = join(dir, "service.log");
  const log = openSync(logFile, "a");
  const child = Bun.spawn([...command], {
    cwd: dir,
    env: { ...process.env, ...environment },
    stdin: "ignore",
    stdout: log,
    stderr: log,
    // Ctrl-C is for the process that started it, which then stops it in good order.
    detached: true,
  });
  closeSync(log);
  keep(child.pid, child.exited);
  // A process that starts a service is not held by it; the keeper ends the service with the process.
  child.unref();
  const endMs = performance.now() + READY_DEADLINE_MS;
  while (!(await isReady().catch(() => false))) {
    const isLate = performance.now() > endMs;
    if (isRunning(child) && !isLate) {
      await Bun.sleep(PAUSE_MS);
      continue;
    }
    const how = isLate ? `did not answer on port ${port} within ${READY_DEADLINE_MS / 1000} s` : `ended at its start (${ending(child)})`;
    child.kill("SIGKILL");
    await child.exited;
    throw new Error(`${name} ${how}. The end of ${logFile}:\n${tailOf(logFile)}`);
  }
  return child;
}

function isRunning(child: Bun.Subprocess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function ending({ exitCode, signalCode }: Bun.Subprocess): string {
  return signalCode === null ? `exit code ${exitCode}` : `signal ${signalCode}`;
}

function tailOf(file: string): string {
  if (!existsSync(file)) return "(no log)";
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-LOG_LINES_SHOWN).join("\n");
}

/** Starts with a port of its own choice; where another process took that port first, with another. */
export async function onFreePort<T>(given: number | undefined, choose: () => number, start: (port: number) => Promise<T>): Promise<T> {
  if (given !== undefined) return start(given);
  for (let tries = 1; ; tries += 1) {
    try {
      return await start(choose());
    } catch (error) {
      if (tries === 3 || !/in use|BindException/i.test(String(error))) throw error;
    }
  }
}

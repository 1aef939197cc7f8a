/**
 * The server as its users start it: a child process with a folder of its own. Everything started here is ended by
 * `endAll`, which every test file calls after its tests.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until, within } from "./facts.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const HANDLERS = join(import.meta.dir, "fixtures/handlers");
const STDERR_SHOWN = 40;

/** What one user has: the folder in which servers are started, one after the other, with the same data. */
export type Home = {
  readonly dir: string;
  readonly dataDir: string;
  /** Lines that the handlers of test/process/fixtures have written, in order: `idempotencyKey attempt`. */
  witnessed(): readonly string[];
  /** Lets go on what waits for this gate (handler `gate`). */
  open(gate: string): void;
};

export type Ended = { readonly exitCode: number | null; readonly signal: string | number | null };
export type Environment = Readonly<Record<string, string>>;

export type Run = {
  readonly pid: number;
  /** Lines so far. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** Settles when the process is gone and all that it wrote is read. */
  readonly ended: Promise<Ended>;
  signal(name: NodeJS.Signals): void;
  /** Sends the signal and waits for the end. */
  end(name: NodeJS.Signals): Promise<Ended>;
};
export type Server = Run & { readonly url: string };

const homes: Home[] = [];
const running = new Set<Run>();

export function newHome(): Home {
  const dir = mkdtempSync(join(tmpdir(), "troupe-process-"));
  const gates = join(dir, "gates");
  mkdirSync(gates);
  const witness = join(dir, "witness.log");
  const home: Home = {
    dir,
    dataDir: join(dir, "data"),
    witnessed: () => (existsSync(witness) ? readFileSync(witness, "utf8").trimEnd().split("\n") : []),
    open: (gate) => writeFileSync(join(gates, gate), ""),
  };
  homes.push(home);
  return home;
}

/** Ends what still runs and deletes the homes. */
export async function endAll(): Promise<void> {
  await Promise.all([...running].map((run) => run.end("SIGKILL")));
  for (const home of homes.splice(0)) rmSync(home.dir, { recursive: true, force: true });
}

/** Starts a server that is expected to run: resolves when it says where it is. `environment` comes on top of the home's own. */
export function startServer(home: Home, environment: Environment = {}): Promise<Server> {
  return readiness(launch(home, environment));
}

/** Resolves when the process says where it is; rejects, with what it said, where it ends instead. */
export async function readiness(run: Run): Promise<Server> {
  const gone = run.ended.then(() => "gone" as const);
  const url = await until("the server's ready line", async () => {
    const found = urlIn(run.stdout);
    if (found !== null) return found;
    return (await Promise.race([gone, Bun.sleep(5)])) === "gone" ? "gone" : null;
  });
  if (url === "gone") throw new Error(`The server ended at its start:\n${lastLines(run)}`);
  return { ...run, url };
}

/** Starts a server that is expected to refuse, and waits for its end. */
export async function startRefused(home: Home, environment: Environment = {}): Promise<Ended & { readonly said: string }> {
  const run = launch(home, environment);
  const ended = await within("the refusal to start", run.ended);
  return { ...ended, said: run.stderr.join("\n") };
}

/** What the server last logged: for the message of a test that fails. */
export function lastLines(run: Run): string {
  return run.stderr.slice(-STDERR_SHOWN).join("\n");
}

export type LaunchOptions = {
  /** Another entry than this project's own, for a changed copy of it. */
  readonly main?: string;
  /** What starts it: without it, it is started itself. */
  readonly by?: readonly string[];
  /** So many files may be open at once. */
  readonly files?: number;
};

/** Starts a process and waits for nothing. */
export function launch(home: Home, environment: Environment = {}, { main = MAIN, by = [], files }: LaunchOptions = {}): Run {
  const limit = files === undefined ? [] : ["sh", "-c", `ulimit -n ${files} && exec "$0" "$@"`];
  const child = Bun.spawn([...limit, ...by, process.execPath, main], {
    cwd: home.dir,
    // Nothing of the developer's own settings.
    env: {
      PATH: process.env.PATH ?? "",
      HOME: home.dir,
      TMPDIR: tmpdir(),
      PORT: "0",
      APP_DATA_DIR: home.dataDir,
      APP_HANDLERS_DIR: HANDLERS,
      WORKER_CONCURRENCY: "2",
      TEST_HOME: home.dir,
      ...environment,
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const stdout: string[] = [];
  const stderr: string[] = [];
  const read = Promise.all([readLines(child.stdout, stdout), readLines(child.stderr, stderr), child.exited]);
  const ended = read.then(() => {
    running.delete(run);
    return { exitCode: child.exitCode, signal: child.signalCode };
  });
  const run: Run = {
    pid: child.pid,
    stdout,
    stderr,
    ended,
    signal: (name) => child.kill(name),
    end(name) {
      child.kill(name);
      return within(`the server's end after ${name}`, ended);
    },
  };
  running.add(run);
  return run;
}

function urlIn(lines: readonly string[]): string | null {
  for (const line of lines) {
    const [, url] = / is ready at (http:\S+)/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  return null;
}

async function readLines(stream: ReadableStream<Uint8Array>, into: string[]): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    into.push(...lines);
  }
  if (rest !== "") into.push(rest);
}

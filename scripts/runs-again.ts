/** Keeps one command running, and runs it again when a file has changed: for `npm run dev -- --watch` and `npm run test:watch`. */
import { watch } from "node:fs";

/** The pause before a restart. An editor writes a file in several steps, and somebody may save several files. */
const QUIET_MS = 100;
const NOT_WATCHED = /(^|[\\/])(node_modules|\.[^\\/]*)([\\/]|$)|~$/;

export type RunsAgain = {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Record<string, string | undefined>;
  /** The watched folders, with the folders in them. */
  readonly folders: readonly string[];
  readonly say: (sentence: string) => void;
  /** The sentence for a command that has ended by itself. From then on it waits for a change. */
  readonly ended: (code: number) => string;
};

export type Running = {
  /** Ends the command in good order, and does not start it again. */
  stop(): Promise<void>;
};

export function runsAgain({ command, cwd, env, folders, say, ended }: RunsAgain): Running {
  let isStopped = false;
  let isAsked = false;
  let timer: Timer | undefined;
  let current = start();
  let restarting = Promise.resolve();
  const watchers = folders.map((folder) =>
    watch(folder, { recursive: true }, (_, name) => {
      if (name !== null && NOT_WATCHED.test(name)) return;
      clearTimeout(timer);
      timer = setTimeout(() => changed(name), QUIET_MS);
    }),
  );

  function start(): Bun.Subprocess {
    const child = Bun.spawn([...command], { cwd, env, stdio: ["inherit", "inherit", "inherit"] });
    void child.exited.then((code) => {
      if (!isStopped && !isAsked && child === current) say(ended(code));
    });
    return child;
  }

  /** Starts it once, however many changes come while the run before ends. */
  function changed(name: string | null): void {
    if (isAsked || isStopped) return;
    isAsked = true;
    say(`${name ?? "A file"} has changed: running again.`);
    restarting = endOf(current).then(() => {
      isAsked = false;
      if (!isStopped) current = start();
    });
  }

  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      await Promise.all([endOf(current), restarting]);
    },
  };
}

async function endOf(child: Bun.Subprocess): Promise<void> {
  if (child.exitCode === null) child.kill("SIGTERM");
  await child.exited;
}

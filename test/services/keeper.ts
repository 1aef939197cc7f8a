/**
 * Nothing outlives the process that started it: a small shell knows what runs and where it keeps its files, and when this
 * process ends, however it ends, the shell kills the ones and deletes the others.
 */
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Reads "run <pid>" and "gone <pid>" until its input ends, which is the end of this process, or until SIGTERM, which is
 * what `bun test --isolate` sends to the children of a test file when the file is through. Ctrl-C reaches it too, and
 * must not end it before its work is done.
 */
const KEEPER = `
trap '' INT HUP
trap 'finish "$1"' TERM
pids=""
finish() {
  for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
  rm -rf "$1" 2>/dev/null || { sleep 1; rm -rf "$1"; }
  exit 0
}
while read -r what pid; do
  case $what in
    run) pids="$pids $pid" ;;
    gone)
      left=""
      for each in $pids; do [ "$each" = "$pid" ] || left="$left $each"; done
      pids=$left ;;
  esac
done
finish "$1"
`;

type Keeper = { readonly folder: string; tell(line: string): void };

let keeper: Keeper | undefined;

/** A new folder for a service's files, deleted at the end of this process at the latest. */
export function keptFolder(name: string): string {
  keeper ??= startKeeper();
  mkdirSync(keeper.folder, { recursive: true });
  return mkdtempSync(join(keeper.folder, `${name}-`));
}

/** From now on the process ends with this one; `exited` settles when it is gone. */
export function keep(pid: number, exited: Promise<unknown>): void {
  keeper ??= startKeeper();
  const { tell } = keeper;
  tell(`run ${pid}`);
  // Its number may be another process's by the time that this one ends.
  void exited.then(() => tell(`gone ${pid}`));
}

function startKeeper(): Keeper {
  const folder = mkdtempSync(join(tmpdir(), "troupe-services-"));
  const shell = Bun.spawn(["sh", "-c", KEEPER, "keeper", folder], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
  });
  shell.unref();
  return {
    folder,
    tell(line) {
      shell.stdin.write(`${line}\n`);
      void shell.stdin.flush();
    },
  };
}

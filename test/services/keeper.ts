/**
 * Nothing outlives the process that started it: a small shell knows what runs and where it keeps its files, and when this
 * process ends, however it ends, the shell kills the ones and deletes the others.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Reads "run <pid>" and "gone <pid>" until its input ends, which is the end of this process, or until SIGTERM, which is
 * what `bun test --isolate` sends to the children of a test file when the file is through.
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

type Keeper = { readonly folder: string; readonly hasEnded: boolean; tell(line: string): void };

let keeper: Keeper | undefined;

/** A new folder for a service's files, deleted at the end of this process at the latest. */
export function keptFolder(name: string): string {
  return mkdtempSync(join(theKeeper().folder, `${name}-`));
}

/** Throws where nothing may be started any more: what is still on its way when its test file is over would be left behind. */
export function expectKeeper(): void {
  theKeeper();
}

/** From now on the process ends with this one; `exited` settles when it is gone. */
export function keep(pid: number, exited: Promise<unknown>): void {
  const own = theKeeper();
  own.tell(`run ${pid}`);
  // Its number may be another process's by the time that this one ends.
  void exited.then(() => own.tell(`gone ${pid}`));
}

function theKeeper(): Keeper {
  keeper ??= startKeeper();
  if (keeper.hasEnded) throw new Error("No service is started any more: this test file is over.");
  return keeper;
}

function startKeeper(): Keeper {
  const folder = mkdtempSync(join(tmpdir(), "troupe-services-"));
  const shell = Bun.spawn(["sh", "-c", KEEPER, "keeper", folder], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
    // A signal to the group is for this process, which may want to stop its services in good order.
    detached: true,
  });
  shell.unref();
  return {
    folder,
    get hasEnded() {
      return shell.exitCode !== null || shell.signalCode !== null;
    },
    tell(line) {
      if (this.hasEnded) return;
      shell.stdin.write(`${line}\n`);
      void shell.stdin.flush();
    },
  };
}

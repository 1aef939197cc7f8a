/** The common part of installing Redis and Kafka: where things are kept, how they get there, and who may install. */
import { existsSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export type Outcome = { readonly ok: boolean; readonly said: string };

/** The folder of programs that are fetched once and kept for later runs: TROUPE_CACHE_DIR, or the user's cache. */
export function cacheFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const set = (name: string) => environment[name] || undefined;
  return set("TROUPE_CACHE_DIR") ?? join(set("XDG_CACHE_HOME") ?? join(set("HOME") ?? homedir(), ".cache"), "troupe");
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Runs commands one after the other, until one fails. Returns their output. */
export function runAll(commands: readonly (readonly string[])[]): Outcome {
  let said = "";
  for (const command of commands) {
    const run = Bun.spawnSync([...command], { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, stdin: "ignore" });
    said += `$ ${command.join(" ")}\n${run.stdout.toString()}${run.stderr.toString()}`;
    if (run.exitCode !== 0) return { ok: false, said };
  }
  return { ok: true, said };
}

/** Moves a folder, which appears whole or not at all. If another process was quicker, its folder is as good as this one. */
export function moveIntoPlace(complete: string, place: string): void {
  try {
    renameSync(complete, place);
  } catch (error) {
    if (!existsSync(place)) throw error;
  }
}

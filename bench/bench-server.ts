/** The server as its users start it: `bun src/main.ts` in a process of its own, with a data folder of its own and otherwise the default settings. */
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { keep } from "../test/services/keeper.ts";
import { benchFolder, settingsFor, THREADS } from "./bench-engine.ts";
import type { ServicesOfRun, StoreKind } from "./case.ts";

export type BenchServer = {
  readonly url: string;
  readonly pid: number;
  /** Bytes of the main thread's heap that are reachable: a full collection comes first. Only where it was started with `probe`. */
  liveBytes(): Promise<number>;
  /** Gone, in good order. Its folder goes too where it was made here. */
  stop(): Promise<void>;
};

export type BenchServerOptions = {
  readonly store: StoreKind;
  readonly services: ServicesOfRun;
  readonly threads?: number;
  /** Where its data are; by default a new folder. */
  readonly dir?: string;
  /** On top of the settings. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly probe?: boolean;
};

/** Resolves when it says where it is. */
export async function startBenchServer({
  store,
  services,
  threads = THREADS,
  dir: givenDir,
  environment = {},
  probe = false,
}: BenchServerOptions): Promise<BenchServer> {
  const dir = givenDir ?? benchFolder();
  const dataDir = join(dir, "data");
  // The folder that the settings name: one that is missing is worth a warning.
  mkdirSync(join(dataDir, "handlers"), { recursive: true });
  let heard: PromiseWithResolvers<number> = Promise.withResolvers();
  const main = resolve(import.meta.dir, "../src/main.ts");
  const command = [process.execPath, ...(probe ? ["--preload", resolve(import.meta.dir, "heap-probe.ts")] : []), main];
  const child = Bun.spawn(command, {
    cwd: dir,
    env: { PATH: process.env.PATH ?? "", PORT: "0", ...settingsFor(store, threads, dataDir, services), ...environment },
    stdio: ["ignore", "pipe", "inherit"],
    ...(probe && { serialization: "json", ipc: (bytes: number) => heard.resolve(bytes) }),
  });
  keep(child.pid, child.exited);
  return {
    url: await saidUrl(child.stdout),
    pid: child.pid,
    async liveBytes() {
      heard = Promise.withResolvers();
      child.send("collect");
      return await heard.promise;
    },
    async stop() {
      child.kill("SIGTERM");
      await child.exited;
      if (givenDir === undefined) rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function saidUrl(stdout: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let said = "";
  for await (const part of stdout) {
    said += decoder.decode(part, { stream: true });
    const url = /ready at (http:\/\/\S+)/.exec(said)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error("The server ended before it was ready.");
}

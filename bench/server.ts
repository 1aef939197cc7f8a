/** The server as its users start it: a process of its own, with a data folder of its own and otherwise the default settings. */
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { benchFolder, type StoreKind } from "./engine.ts";

export type BenchServer = { readonly url: string; readonly pid: number; readonly dataDir: string; stop(): Promise<void> };

/** Resolves when it says where it is. `environment` comes on top of the defaults. */
export async function startBenchServer(
  store: StoreKind,
  threads: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<BenchServer> {
  const dataDir = benchFolder();
  const child = Bun.spawn([process.execPath, resolve(import.meta.dir, "../src/main.ts")], {
    cwd: dataDir,
    env: {
      PATH: process.env.PATH ?? "",
      PORT: "0",
      LOG_LEVEL: "warn",
      WORKER_CONCURRENCY: String(threads),
      APP_STORE: store,
      APP_DATA_DIR: join(dataDir, "data"),
      ...environment,
    },
    stdout: "pipe",
    stderr: "inherit",
  });
  return {
    url: await saidUrl(child.stdout),
    pid: child.pid,
    dataDir: join(dataDir, "data"),
    async stop() {
      child.kill("SIGTERM");
      await child.exited;
      rmSync(dataDir, { recursive: true, force: true });
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

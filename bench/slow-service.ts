/** A service in a process of its own that answers after a second, as many as ask at once: what live calls are measured against. */
import { resolve } from "node:path";
import { keep } from "../test/services/keeper.ts";

const ANSWERS_AFTER_MS = 1_000;

export type SlowService = { readonly url: string; stop(): Promise<void> };

/** Resolves when it listens. */
export async function startSlowService(): Promise<SlowService> {
  const child = Bun.spawn([process.execPath, resolve(import.meta.dir, "slow-service.ts")], { stdio: ["ignore", "pipe", "inherit"] });
  keep(child.pid, child.exited);
  for await (const part of child.stdout) {
    const url = new TextDecoder().decode(part).trim();
    return {
      url,
      async stop() {
        child.kill("SIGKILL");
        await child.exited;
      },
    };
  }
  throw new Error("The slow service ended before it listened.");
}

if (import.meta.main) {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch() {
      await Bun.sleep(ANSWERS_AFTER_MS);
      return Response.json({ ok: true });
    },
  });
  console.log(server.url.href);
}

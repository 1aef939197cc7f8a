/** The image, as far as it can be built without Docker: its facts agree with the project's, and its steps make a server that runs. */
import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SETTINGS } from "../../src/env/config/settings.ts";
import { endAll, launch, newHome, readiness } from "../process/server.ts";
import { dockerInstructions, execForm, read, root, settingNames } from "./files.ts";

const instructions = dockerInstructions();
const texts = (word: string): string[] => instructions.filter((each) => each.word === word).map(({ text }) => text);
const only = (word: string): string => {
  expect([word, texts(word).length]).toEqual([word, 1]);
  return texts(word)[0] ?? "";
};
const environment = Object.fromEntries(texts("ENV").flatMap((text) => text.split(" ").map((pair) => pair.split("=") as [string, string])));
const made: string[] = [];
afterAll(async () => {
  await endAll();
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

describe("the Dockerfile", () => {
  test("has the Bun of package.json in all its stages", () => {
    const { bun } = JSON.parse(read("package.json")).devDependencies;
    expect(texts("FROM").map((text) => text.split(" ")[0])).toEqual([`oven/bun:${bun}-slim`, `oven/bun:${bun}-slim`]);
  });

  test("installs by the lock file, and nothing of development", () => {
    const install = texts("RUN").find((text) => text.includes("bun install")) ?? "";
    expect(install.split(" ")).toContainValues(["--frozen-lockfile", "--production", "--ignore-scripts"]);
  });

  test("sets what settings are called, and listens on the port that it exposes", () => {
    const known = settingNames();
    expect(Object.keys(environment).filter((name) => !known.has(name))).toEqual(["NODE_ENV"]);
    expect(environment).toMatchObject({ HOST: "0.0.0.0", PORT: `${SETTINGS.port.fallback}`, APP_DATA_DIR: only("VOLUME") });
    expect(only("EXPOSE")).toBe(environment.PORT ?? "");
  });

  test("runs as nobody in particular, under what passes SIGTERM on", () => {
    expect(Number(only("USER").split(":")[0])).toBeGreaterThan(0);
    expect(execForm(only("ENTRYPOINT"))).toEqual(["sh", "scripts/supervise.sh", "bun", "src/main.ts"]);
    expect(texts("CMD")).toEqual([]);
  });

  test("gets the files that it copies, and .dockerignore keeps back all others", () => {
    const copied = texts("COPY")
      .filter((text) => !text.startsWith("--from"))
      .flatMap((text) => text.split(" ").slice(0, -1));
    const allowed = read(".dockerignore")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(allowed).toContain("*");
    expect(new Set(allowed.filter((line) => line !== "*"))).toEqual(new Set(copied.map((path) => `!${path}`)));
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe("the image's server", () => {
  /** What the Dockerfile's steps leave in /app. */
  function builtFolder(): string {
    const app = mkdtempSync(join(tmpdir(), "troupe-image-"));
    made.push(app);
    for (const file of ["package.json", "bun.lock"]) cpSync(join(root, file), join(app, file));
    const install = (texts("RUN").find((text) => text.includes("bun install")) ?? "").split(" ").slice(1);
    const run = Bun.spawnSync([process.execPath, ...install], { cwd: app, env: process.env });
    if (run.exitCode !== 0)
      throw new Error(`The image's installation failed (it needs the registry, or Bun's cache): ${run.stderr.toString()}`);
    for (const path of ["src", "scripts/supervise.sh"]) cpSync(join(root, path), join(app, path), { recursive: true });
    return app;
  }

  test("needs nothing but what is copied and installed, is well by its own health check, and ends cleanly at SIGTERM", async () => {
    const app = builtFolder();
    const by = ["sh", join(app, "scripts/supervise.sh")];
    const server = await readiness(launch(newHome(), {}, { main: join(app, "src/main.ts"), by }));
    const [, ...check] = execForm(only("HEALTHCHECK"));
    const isHealthy = (PORT: string): boolean => {
      const run = Bun.spawnSync([process.execPath, ...check], { env: { PORT }, stdout: "ignore", stderr: "ignore" });
      return run.exitCode === 0;
    };
    const { port } = new URL(server.url);
    expect(isHealthy(port)).toBe(true);
    expect((await fetch(`${server.url}/docs`)).status).toBe(200);
    expect(await server.end("SIGTERM")).toEqual({ exitCode: 0, signal: null });
    expect(isHealthy(port)).toBe(false);
  });
});

/** What happens before anything is installed. The real installation, which needs a registry, is what CI does from a fresh clone. */
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");
const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "troupe-fresh-"));
  made.push(folder);
  return folder;
}

function run(command: readonly string[], cwd: string, env: Record<string, string>) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd, env });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

describe("the installation", () => {
  /** A clone without node_modules. Its package manager is a Bun that cannot reach a registry, and there is no npm. */
  function cloneOffline(): { folder: string; bootstrap: (env?: Record<string, string>) => ReturnType<typeof run> } {
    const folder = temporary();
    for (const file of ["package.json", "bun.lock", "scripts/bootstrap.js"]) cpSync(join(root, file), join(folder, file));
    const offline = {
      PATH: temporary(),
      HOME: temporary(),
      BUN_INSTALL_CACHE_DIR: temporary(),
      NPM_CONFIG_REGISTRY: "http://127.0.0.1:9/",
    };
    return { folder, bootstrap: (env = {}) => run([process.execPath, "scripts/bootstrap.js"], folder, { ...offline, ...env }) };
  }

  test("that fails says what was tried and what is needed, and the command stops", () => {
    const { exitCode, stderr } = cloneOffline().bootstrap();
    expect(exitCode).toBe(1);
    expect(stderr).toContain("The packages could not be installed.");
    expect(stderr).toContain("Needed: npm (with Node 20 or newer) or Bun 1.4.5");
    expect(stderr).toContain("install --frozen-lockfile");
  });

  test("is skipped, in silence, where the lock file is the one that was installed", () => {
    const { folder, bootstrap } = cloneOffline();
    const bun = join(folder, "node_modules/bun/bin/bun.exe");
    mkdirSync(join(bun, ".."), { recursive: true });
    writeFileSync(bun, Buffer.alloc(2_000_000));
    const hasher = new Bun.CryptoHasher("sha256")
      .update(`${process.platform} ${process.arch} `)
      .update(readFileSync(join(folder, "bun.lock")));
    writeFileSync(join(folder, "node_modules/.installed"), hasher.digest("hex"));
    expect(bootstrap()).toEqual({ exitCode: 0, stdout: "", stderr: "" });

    writeFileSync(join(folder, "bun.lock"), "{}");
    expect(bootstrap().exitCode).toBe(1);
  });

  test("is locked: bun.lock names the exact versions of package.json, and no registry's address", () => {
    const lock = readFileSync(join(root, "bun.lock"), "utf8");
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    for (const [name, version] of Object.entries<string>({ ...dependencies, ...devDependencies })) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
      expect([name, lock.includes(`"${name}": "${version}"`) && lock.includes(`["${name}@${version}"`)]).toEqual([name, true]);
    }
    expect(lock).not.toMatch(/https?:\/\//);
  });
});

describe("npm run dev", () => {
  test("is the server itself, so that the signal which ends one ends the other", async () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const PATH = `${join(root, "node_modules/.bin")}:${process.env.PATH}`;
    const env = {
      PATH,
      PORT: "0",
      WORKER_CONCURRENCY: "1",
      APP_DATA_DIR: temporary(),
      APP_HANDLERS_DIR: temporary(),
      APP_LOG_LEVEL: "error",
    };
    const server = Bun.spawn(["sh", "-c", scripts.dev], { cwd: root, env, stdout: "pipe", stderr: "inherit" });
    let greeting = "";
    for await (const chunk of server.stdout.pipeThrough(new TextDecoderStream())) {
      greeting += chunk;
      if (greeting.includes("curl")) server.kill("SIGTERM");
    }
    expect(greeting).toMatch(/ready at http:\/\/127\.0\.0\.1:\d+/);
    expect(await server.exited).toBe(0);
  });
});

describe(".ci/run", () => {
  /** Runs it with an npm that prints this and exits so. */
  function ciWith(output: string, code: number): { exitCode: number; last: string | undefined } {
    const [folder, bin] = [temporary(), temporary()];
    cpSync(join(root, ".ci/run"), join(folder, ".ci/run"));
    writeFileSync(join(bin, "npm"), `#!/bin/sh\ncat <<'END'\n${output}\nEND\nexit ${code}\n`);
    chmodSync(join(bin, "npm"), 0o755);
    const { exitCode, stdout } = run([join(folder, ".ci/run")], folder, { PATH: `${bin}:${process.env.PATH}` });
    return { exitCode, last: stdout.trimEnd().split("\n").at(-1) };
  }

  test("ends with the number of tests that passed and failed", () => {
    expect(ciWith("(pass) a\n\n 12 pass\n 0 fail\n 30 expect() calls", 0)).toEqual({ exitCode: 0, last: "12 passed, 0 failed" });
    expect(ciWith("(fail) a\n\n 11 pass\n 1 skip\n 2 fail", 1)).toEqual({ exitCode: 1, last: "11 passed, 2 failed" });
    expect(ciWith("\u001b[32m 3 pass\u001b[0m\n\u001b[2m 0 fail\u001b[0m", 0)).toEqual({ exitCode: 0, last: "3 passed, 0 failed" });
  });

  test("counts as failed what failed without being a test: the coverage, an installation, a runner that died", () => {
    expect(ciWith(" 12 pass\n 0 fail\nToo little", 1)).toEqual({ exitCode: 1, last: "12 passed, 1 failed" });
    expect(ciWith("The packages could not be installed.", 1)).toEqual({ exitCode: 1, last: "0 passed, 1 failed" });
    expect(ciWith("nothing ran", 0)).toEqual({ exitCode: 1, last: "0 passed, 1 failed" });
  });
});

/** What whoever changes the code keeps running beside the editor. */
import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runsAgain } from "../../scripts/runs-again.ts";

const root = join(import.meta.dir, "../..");
const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "troupe-watching-"));
  made.push(folder);
  return folder;
}

/** What a text grows to; `until` answers as soon as it has `part` this many times. */
function growing(): { add(text: string): void; count(part: string): number; until(part: string, times?: number): Promise<void> } {
  let text = "";
  let look = (): void => undefined;
  return {
    add(more) {
      text += more;
      look();
    },
    count: (part) => text.split(part).length - 1,
    until: (part, times = 1) =>
      new Promise((resolve) => {
        look = () => {
          if (text.split(part).length > times) resolve();
        };
        look();
      }),
  };
}

async function follow(stream: ReadableStream<Uint8Array<ArrayBuffer>>, add: (text: string) => void): Promise<void> {
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) add(chunk);
}

describe("a command that runs again", () => {
  /** Each run says to this server that it began and that it was told to end. */
  async function running(body: string) {
    const [folder, told] = [temporary(), growing()];
    mkdirSync(join(folder, "inside"));
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        told.add(await request.text());
        return new Response();
      },
    });
    const script = `const say = (body) => fetch(${JSON.stringify(String(server.url))}, { method: "POST", body });${body}`;
    const again = runsAgain({
      command: [process.execPath, "-e", script],
      cwd: folder,
      env: process.env,
      folders: [folder],
      say: told.add,
      ended: (code) => `ended with ${code};`,
    });
    const change = (name: string): void => writeFileSync(join(folder, name), String(performance.now()));
    return { told, again, change, close: () => server.stop(true) };
  }

  test("ends in good order before it starts again, at a change of a file in any folder of it, and not after it was stopped", async () => {
    const { told, again, change, close } = await running(
      `process.on("SIGTERM", async () => { await say("told to end;"); process.exit(0); }); await say("began;"); setInterval(() => {}, 1000);`,
    );
    await told.until("began;");
    change("inside/one.ts");
    await told.until("told to end;began;");
    change("two.ts");
    await told.until("began;", 3);
    await again.stop();
    await told.until("told to end;", 3);
    await close();
  });

  test("that has ended by itself waits for a change", async () => {
    const { told, again, change, close } = await running(`await say("began;"); process.exit(3);`);
    await told.until("ended with 3;");
    change("one.ts");
    await told.until("ended with 3;", 2);
    await told.until("began;", 2);
    await again.stop();
    await close();
  });
});

test("what whoever joins calls first installs what is missing, under npm and under Bun", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of ["dev", "debug", "test", "test:watch", "check", "check:fast", "services", "dev:cluster"])
    expect([name, scripts[`pre${name}`]]).toEqual([name, "node scripts/bootstrap.js"]);
});

describe("the scripts", () => {
  const PATH = `${join(root, "node_modules/.bin")}:${process.env.PATH}`;

  function start(command: readonly string[], env: Record<string, string> = {}) {
    const child = Bun.spawn([...command], { cwd: root, env: { ...process.env, PATH, ...env }, stdout: "pipe", stderr: "pipe" });
    const said = growing();
    void follow(child.stdout, said.add);
    void follow(child.stderr, said.add);
    return { child, said };
  }
  const server = () => ({ PORT: "0", WORKER_CONCURRENCY: "1", APP_DATA_DIR: temporary(), APP_HANDLERS_DIR: temporary() });

  test("`dev --watch` is a server that ends with it", async () => {
    const { child, said } = start(["sh", "scripts/dev.sh", "--watch"], server());
    await said.until("ready at http://127.0.0.1:");
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    await said.until("Stopped.");
  });

  test("`dev` refuses what it does not know", async () => {
    const { child, said } = start(["sh", "scripts/dev.sh", "--wacth"]);
    await said.until("only --watch");
    expect(await child.exited).toBe(1);
  });

  test("`debug` prints an address once, and it is the server's", async () => {
    const { child, said } = start(["sh", "scripts/debug.sh"], server());
    await said.until("https://debug.bun.sh/#");
    await said.until("ready at http://127.0.0.1:");
    expect(said.count("https://debug.bun.sh/#")).toBe(1);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
  });

  test("`test:watch` runs the files that it is given, waits, and asks for one where there is none", async () => {
    const { child, said } = start([process.execPath, "scripts/test-watch.ts", "test/env/bounded-cache.test.ts"]);
    await said.until("0 fail");
    await said.until("waits for a change");
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);

    const without = start([process.execPath, "scripts/test-watch.ts"]);
    await without.said.until("Which tests?");
    expect(await without.child.exited).toBe(1);
  });
});

describe("check:fast", () => {
  /** A project with a fault of lint that is committed, and the fault that is given, which is not. */
  function project({ fault, git }: { fault: string; git: boolean }) {
    const folder = temporary();
    mkdirSync(join(folder, "src"));
    for (const file of ["scripts/check-fast.ts", "biome.json", "tsconfig.json", "package.json"])
      cpSync(join(root, file), join(folder, file));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, ".gitignore"), "node_modules\n.cache\n");
    writeFileSync(join(folder, "src/committed.ts"), "export var committed = 1;\n");
    const commands = ["init -q", "add .", "-c user.name=a -c user.email=a@b commit -qm one"];
    if (git) for (const command of commands) expect(Bun.spawnSync(["git", ...command.split(" ")], { cwd: folder }).exitCode).toBe(0);
    writeFileSync(join(folder, "src/changed.ts"), fault);
    const env = { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() };
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, "scripts/check-fast.ts"], { cwd: folder, env });
    return { exitCode, found: stderr.toString() };
  }

  test("finds faults of lint in files that have changed, and in no others", () => {
    expect(project({ fault: "export const fine = 1;\n", git: true })).toMatchObject({ exitCode: 0 });
    const { exitCode, found } = project({ fault: "export var changed = 1;\n", git: true });
    expect(exitCode).toBe(1);
    expect(found).toContain("src/changed.ts");
    expect(found).not.toContain("src/committed.ts");
  });

  test("looks at all files where there is no git", () => {
    const { exitCode, found } = project({ fault: "export const fine = 1;\n", git: false });
    expect(exitCode).toBe(1);
    expect(found).toContain("src/committed.ts");
  });

  test("finds faults of types", () => {
    const { exitCode, found } = project({ fault: 'export const wrong: number = "1";\n', git: true });
    expect(exitCode).toBe(1);
    expect(found).toContain("TS2322");
  });
});

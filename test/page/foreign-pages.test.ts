/** What pages of other sites can do to a server on a developer's machine, in a real browser: nothing is created, and nothing is read. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Browser, Page, Request } from "playwright-core";
import { create } from "../process/client.ts";
import { endAll, newHome, type Server, startServer } from "../process/server.ts";
import { INSTALL_TIMEOUT_MS, launchBrowser } from "./browser.ts";

const TEST_TIMEOUT_MS = 60_000;
const FOREIGN = "evil.example";
const SECRET = "seen-by-nobody-else";
const STEPS = JSON.stringify({ name: "blind", steps: [{ execution_type: "parallel", tasks: [{ name: "task_a" }] }] });
const GRAPH = JSON.stringify({ name: "blind", dag: { nodes: [{ id: "only", handler: "noop" }] } });

let browser: Browser;
let server: Server;
let allowed: Server;
/** Serves pages of other origins. */
let site: Bun.Server<undefined>;

beforeAll(async () => {
  site = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response("<!doctype html><title>Elsewhere</title>", { headers: { "content-type": "text/html" } }),
  });
  [browser, server, allowed] = await Promise.all([
    // Both names lead to this machine, as a rebound one does.
    launchBrowser(`MAP ${FOREIGN} 127.0.0.1, MAP friend.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`),
    startServer(newHome()),
    startServer(newHome(), { APP_CORS_ORIGINS: `http://friend.example:${site.port}` }),
  ]);
  await create(server, SECRET, [{ id: "only", handler: "noop" }]);
}, INSTALL_TIMEOUT_MS);

afterAll(async () => {
  await browser?.close();
  await site?.stop(true);
  await endAll();
});

async function openPage(url: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(url);
  return page;
}

/** All ways in which a page can send something here: what it could read of the answers, and what was refused to it. */
const ATTACK = `async ({ target, steps, graph }) => {
  const read = [];
  const attempt = async (name, work) => {
    try { read.push(name + ": " + (await work())); } catch { read.push(name + ": nothing"); }
  };
  const get = (path, init) => async () => (await fetch(target + path, init)).text();
  await attempt("list", get("/workflows"));
  await attempt("list, blind", get("/workflows", { mode: "no-cors" }));
  await attempt("steps", get("/api/workflow", { method: "POST", body: new Blob([steps]) }));
  await attempt("steps, blind", get("/api/workflow", { method: "POST", mode: "no-cors", body: new Blob([steps]) }));
  await attempt("steps, as text", get("/api/workflow", { method: "POST", mode: "no-cors", body: steps }));
  await attempt("graph", get("/workflows", { method: "POST", body: new Blob([graph]) }));
  await attempt("graph, with its type", get("/workflows", { method: "POST", body: graph, headers: { "content-type": "application/json" } }));
  await attempt("beacon", async () => { navigator.sendBeacon(target + "/api/workflow", new Blob([steps])); return ""; });
  await attempt("script", () => new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src: target + "/workflows", onload: () => resolve("ran"), onerror: reject }));
  }));
  return read;
}`;

/** Resolves when the page's beacon has its answer, or has failed: no script of the page hears of that. */
function beaconEnded(page: Page): Promise<void> {
  return new Promise((resolve) => {
    const look = (request: Request) => request.resourceType() === "ping" && resolve();
    page.on("requestfinished", look);
    page.on("requestfailed", look);
  });
}

async function attack(page: Page, target: string): Promise<string[]> {
  const given = JSON.stringify({ target, steps: STEPS, graph: GRAPH });
  const ended = beaconEnded(page);
  const read = await page.evaluate<string[]>(`(${ATTACK})(${given})`);
  await ended;
  return read;
}

async function names(at: Server): Promise<string[]> {
  const { workflows } = (await (await fetch(`${at.url}/workflows`)).json()) as { workflows: { name: string }[] };
  return workflows.map(({ name }) => name);
}

test.each([
  ["of another site", FOREIGN],
  ["of another port", "127.0.0.1"],
])(
  "a page %s creates nothing and reads nothing",
  async (_, host) => {
    const page = await openPage(`http://${host}:${site.port}/`);
    const read = await attack(page, server.url);
    expect(read.filter((line) => line.includes(SECRET) || line.includes("_id") || line.endsWith("ran"))).toEqual([]);
    expect(await names(server)).toEqual([SECRET]);
    await page.close();
  },
  TEST_TIMEOUT_MS,
);

test(
  "a form of another site creates nothing, and a frame there shows nothing",
  async () => {
    const page = await openPage(`http://${FOREIGN}:${site.port}/`);
    await page.setContent(
      `<iframe src="${server.url}/workflows"></iframe><form method="post" enctype="text/plain" action="${server.url}/api/workflow"><textarea name='{"x":"'>","name":"form","steps":[]}</textarea></form>`,
    );
    for (const frame of page.frames().slice(1)) expect(await frame.content()).not.toContain(SECRET);
    const [answer] = await Promise.all([
      page.waitForResponse((each) => each.url().endsWith("/api/workflow")),
      page.evaluate("document.forms[0].submit()"),
    ]);
    expect(answer.status()).toBe(403);
    expect(await names(server)).toEqual([SECRET]);
    await page.close();
  },
  TEST_TIMEOUT_MS,
);

test(
  "a name that was rebound to this machine reads nothing, and creates nothing under its own origin",
  async () => {
    const rebound = server.url.replace("127.0.0.1", FOREIGN);
    // The attacker's page came from elsewhere, with its own policy; since then its name leads here.
    const page = await browser.newPage({ bypassCSP: true });
    await page.goto(`${rebound}/`);
    const read = await attack(page, "");
    expect(read.filter((line) => line.includes("APP_ALLOWED_HOSTS")).length).toBeGreaterThan(3);
    expect(read.filter((line) => line.includes(SECRET) || line.includes("_id"))).toEqual([]);
    expect(await names(server)).toEqual([SECRET]);
    await page.close();
  },
  TEST_TIMEOUT_MS,
);

test(
  "a page of an origin that APP_CORS_ORIGINS names creates and reads, and another's does not",
  async () => {
    const friend = await openPage(`http://friend.example:${site.port}/`);
    const read = await attack(friend, allowed.url);
    const idsRead = read.filter((line) => line.includes("_id")).map((line) => line.split(":")[0]);
    expect(idsRead).toEqual(["steps", "graph", "graph, with its type"]);
    expect(read[0]).toContain('"workflows":[]');
    expect((await names(allowed)).length).toBeGreaterThan(2);
    const before = await names(allowed);
    const foreign = await openPage(`http://${FOREIGN}:${site.port}/`);
    expect((await attack(foreign, allowed.url)).filter((line) => line.includes("_id"))).toEqual([]);
    expect(await names(allowed)).toEqual(before);
    await Promise.all([friend.close(), foreign.close()]);
  },
  TEST_TIMEOUT_MS,
);

test(
  "a link from another site leads to the page of the documentation, and that may call",
  async () => {
    const page = await openPage(`http://${FOREIGN}:${site.port}/`);
    await page.setContent(`<a href="${server.url}/docs">docs</a>`);
    await page.click("a");
    await page.locator(".opblock").first().waitFor();
    expect(await page.evaluate('fetch("/workflows/none/trigger", { method: "POST" }).then(({ status }) => status)')).toBe(404);
    await page.close();
  },
  TEST_TIMEOUT_MS,
);

/** The documentation page in a real browser: it shows every operation, one can try them, and nothing comes from elsewhere. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { until } from "../process/facts.ts";
import { endAll, newHome, type Server, startServer } from "../process/server.ts";
import { INSTALL_TIMEOUT_MS, launchBrowser } from "./browser.ts";

const TEST_TIMEOUT_MS = 60_000;
let browser: Browser;
let server: Server;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer(newHome())]);
}, INSTALL_TIMEOUT_MS);

afterAll(async () => {
  await browser?.close();
  await endAll();
});

/** What a page complained of, and what it asked for, while it was used. */
type Watched = { readonly page: Page; readonly complaints: string[]; readonly requests: string[]; readonly answers: string[] };

async function openDocs(): Promise<Watched> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  const answers: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
  page.on("request", (request) => requests.push(request.url()));
  page.on("response", (response) => answers.push(`${response.status()} ${new URL(response.url()).pathname}`));
  await page.exposeFunction("reportViolation", (what: string) => complaints.push(`policy: ${what}`));
  await page.addInitScript({
    content:
      'addEventListener("securitypolicyviolation", (event) => reportViolation(event.violatedDirective + " " + event.blockedURI + " " + event.sample));',
  });
  await page.goto(`${server.url}/docs`);
  await page.locator(".opblock").first().waitFor();
  return { page, complaints, requests, answers };
}

/** No complaint, and every request but those for data: went to the server itself. */
function expectAtHome({ complaints, requests }: Watched): void {
  expect(complaints).toEqual([]);
  expect(requests.filter((url) => !url.startsWith("data:") && new URL(url).origin !== server.url)).toEqual([]);
}

test(
  "shows every operation of /openapi.json, without a complaint and without a request to another server",
  async () => {
    const watched = await openDocs();
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as { paths: Record<string, Record<string, object>> };
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.length).toBeGreaterThan(10);

    const blocks = await watched.page.locator(".opblock").all();
    const shown = await Promise.all(
      blocks.map(async (block) => {
        const method = await block.locator(".opblock-summary-method").textContent();
        return `${method} ${await block.locator("[data-path]").first().getAttribute("data-path")}`;
      }),
    );
    expect(shown.toSorted()).toEqual(described.toSorted());
    expect(await watched.page.title()).toBe("Troupe API");
    expect(watched.answers.filter((answer) => !answer.startsWith("200 "))).toEqual([]);
    expectAtHome(watched);
    await watched.page.close();
  },
  TEST_TIMEOUT_MS,
);

test(
  "lets one try GET /health and shows the answer",
  async () => {
    const watched = await openDocs();
    const block = watched.page.locator(".opblock", { has: watched.page.locator('[data-path="/health"]') });
    await block.locator(".opblock-summary-control").click();
    await block.locator(".try-out__btn").click();
    await block.locator(".execute").click();
    const live = block.locator(".live-responses-table .response").first();
    await live.waitFor();
    expect(await live.locator(".response-col_status").textContent()).toContain("200");
    expect(await live.textContent()).toContain('"service": "troupe"');
    expect(watched.answers).toContain("200 /health");
    expectAtHome(watched);
    await watched.page.close();
  },
  TEST_TIMEOUT_MS,
);

test(
  "lets one submit a workflow from its example and shows where it is",
  async () => {
    const watched = await openDocs();
    const block = watched.page.locator(".opblock-post", { has: watched.page.locator('[data-path="/workflows"]') });
    await block.locator(".opblock-summary-control").click();
    await block.locator(".try-out__btn").click();
    await block
      .locator("textarea.body-param__text")
      .fill('{ "name": "from the page", "dag": { "nodes": [{ "id": "only", "handler": "noop" }] } }');
    await block.locator(".execute").click();
    const live = block.locator(".live-responses-table .response").first();
    await live.waitFor();
    expect(await live.locator(".response-col_status").textContent()).toContain("201");
    expect(await live.textContent()).toContain("location: /workflows/");
    expectAtHome(watched);
    await watched.page.close();
  },
  TEST_TIMEOUT_MS,
);

test(
  "would be caught at a script in the page or a picture from elsewhere",
  async () => {
    const watched = await openDocs();
    await watched.page.evaluate(
      'document.body.append(Object.assign(new Image(), { src: "http://example.com/x.png" }), Object.assign(document.createElement("script"), { text: "1" }))',
    );
    await until("two complaints", () => watched.complaints.filter((complaint) => complaint.startsWith("policy: ")).length >= 2);
    expect(() => expectAtHome(watched)).toThrow();
    await watched.page.close();
  },
  TEST_TIMEOUT_MS,
);

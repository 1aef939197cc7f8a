/** The running server and those who call it without being asked: under other names, for other pages, through proxies. */
import { afterAll, describe, expect, test } from "bun:test";
import { connect } from "./raw-connection.ts";
import { endAll, newHome, type Server, startServer } from "./server.ts";
import { warningsOf } from "./instances.ts";

afterAll(endAll);

const APP = "https://app.example";
const definition = JSON.stringify({ name: "p", steps: [{ execution_type: "parallel", tasks: [{ name: "task_a" }] }] });

/** The answer to a request of these lines. */
async function said(server: Server, first: string, headers: readonly string[] = [], body = "") {
  const connection = await connect(server.url);
  connection.write([first, ...headers, `content-length: ${body.length}`, "", body].join("\r\n"));
  const [answer] = await connection.answers(1);
  connection.close();
  if (answer === undefined) throw new Error("No answer.");
  return answer;
}

async function listed(server: Server): Promise<number> {
  const { workflows } = (await (await fetch(`${server.url}/workflows`)).json()) as { workflows: object[] };
  return workflows.length;
}

describe("on a loopback address", () => {
  test("a request under another name reads nothing, and a page of another site creates nothing", async () => {
    const server = await startServer(newHome());
    const { host } = new URL(server.url);
    expect((await said(server, "GET /workflows HTTP/1.1", ["Host: evil.example"])).status).toBe(421);
    for (const origin of ["https://evil.example", "null"])
      expect((await said(server, "POST /api/workflow HTTP/1.1", [`Host: ${host}`, `Origin: ${origin}`], definition)).status).toBe(403);
    const answer = await said(server, "POST /api/workflow HTTP/1.1", [`Host: ${host}`, "X-Forwarded-For: 10.0.0.1"], definition);
    expect([answer.status, answer.headers["content-type"]]).toEqual([403, "application/problem+json"]);
    expect(answer.body).toContain("APP_ACCESS=open");
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
    expect(await listed(server)).toBe(0);
    expect((await said(server, "POST /api/workflow HTTP/1.1", [`Host: ${host}`, `Origin: ${server.url}`], definition)).status).toBe(202);
    expect(warningsOf(server)).toEqual([]);
  });

  test("two Hosts and what is none are refused with 400; a probe is answered under any name, and in HTTP/1.0 under none", async () => {
    const server = await startServer(newHome());
    for (const headers of [["Host: localhost", "Host: localhost"], ["Host: a b"], ["Host: "]])
      expect([headers, (await said(server, "GET /workflows HTTP/1.1", headers)).status]).toEqual([headers, 400]);
    expect((await said(server, "GET /workflows HTTP/1.0")).status).toBe(400);
    for (const path of ["/health", "/ready?x=1"]) {
      expect((await said(server, `GET ${path} HTTP/1.0`)).status).toBe(200);
      expect((await said(server, `GET ${path} HTTP/1.1`, ["Host: upstream-1"])).status).toBe(200);
      expect((await said(server, `GET ${path} HTTP/1.1`, ["Host: "])).status).toBe(200);
    }
    expect((await said(server, "GET /health HTTP/1.0")).body).toContain('"service":"troupe"');
  });

  test("pages of an origin that is named may call, ask before, and read the answer", async () => {
    const server = await startServer(newHome(), { APP_CORS_ORIGINS: `${APP}, http://localhost:5173` });
    const ask = { method: "OPTIONS", headers: { origin: APP, "access-control-request-method": "POST" } };
    const asked = await fetch(`${server.url}/workflows`, ask);
    expect([asked.status, asked.headers.get("access-control-allow-origin")]).toEqual([204, APP]);
    expect(asked.headers.get("access-control-allow-methods")).toContain("POST");
    expect(asked.headers.get("access-control-allow-headers")).toContain("content-type");
    const sent = await fetch(`${server.url}/api/workflow`, { method: "POST", headers: { origin: APP }, body: definition });
    expect([sent.status, sent.headers.get("access-control-allow-origin"), sent.headers.get("vary")]).toEqual([202, APP, "origin"]);
    expect(sent.headers.get("access-control-expose-headers")).toContain("location");
    expect((await fetch(`${server.url}/workflows`)).headers.get("access-control-allow-origin")).toBeNull();
    const foreign = await fetch(`${server.url}/workflows`, { ...ask, headers: { ...ask.headers, origin: "https://evil.example" } });
    expect([foreign.status, foreign.headers.get("access-control-allow-origin")]).toEqual([403, null]);
  });
});

describe("on an address that others reach", () => {
  test("it starts, answers to any name, and warns until it is said that something before it checks who calls", async () => {
    const server = await startServer(newHome(), { HOST: "0.0.0.0" });
    expect((await said(server, "GET /workflows HTTP/1.1", ["Host: troupe.example.com", "Via: 1.1 front"])).status).toBe(200);
    expect(warningsOf(server).join("\n")).toContain("ANYBODY WHO REACHES 0.0.0.0");
    const told = await startServer(newHome(), { HOST: "0.0.0.0", APP_ACCESS: "open", APP_ALLOWED_HOSTS: "troupe.example.com" });
    const before = ["Via: 1.1 Caddy", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: http"];
    expect((await said(told, "GET /workflows HTTP/1.1", ["Host: troupe.example.com", ...before])).status).toBe(200);
    expect((await said(told, "GET /workflows HTTP/1.1", ["Host: evil.example", ...before])).status).toBe(421);
    expect(warningsOf(told)).toEqual([]);
  });
});

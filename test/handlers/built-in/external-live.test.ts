/** Live calls to other services: what is sent, what becomes of the answer, and where a call may not go. */
import { afterAll, describe, expect, test } from "bun:test";
import { externalApiLive } from "../../../src/handlers/built-in/external-api.ts";
import { isPublicAddress, type Resolve } from "../../../src/handlers/http-client/public-address.ts";
import { World } from "../../sim/world.ts";
import { attemptOf, type Bench, benchOf, benchWith, contextOf, failureOf, outputOf, settings, textOf } from "../attempts.ts";

const held = Promise.withResolvers<void>();
const server: Bun.Server<undefined> = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 0,
  routes: {
    "/echo": async (request) =>
      Response.json({
        method: request.method,
        host: request.headers.get("host"),
        type: request.headers.get("content-type"),
        key: request.headers.get("authorization"),
        idempotency: request.headers.get("idempotency-key"),
        body: await request.text(),
      }),
    "/big": new Response('{"b":12345678901234567890, "10":1,"2":2}', { headers: { "Content-Type": "application/json" } }),
    "/text": new Response("plain <text>"),
    "/deep": new Response("[".repeat(5_000) + "]".repeat(5_000)),
    "/empty": new Response(null, { status: 204 }),
    "/long": new Response("x".repeat(10_001)),
    "/just": new Response(`"${"ü".repeat(4_900)}"`),
    "/huge": () => new Response(Bun.gzipSync(new Uint8Array(1_000_000)), { headers: { "Content-Encoding": "gzip" } }),
    "/status/:code": (request) => new Response("went wrong", { status: Number(request.params.code), headers: { "Retry-After": "7" } }),
    "/to-text": () => Response.redirect("/text", 302),
    "/to-echo": () => new Response(null, { status: 303, headers: { Location: `http://localhost:${server.port}/echo` } }),
    "/away/:status": (request) => {
      const headers = { Location: `http://localhost:${server.port}/heard` };
      return new Response(null, { status: Number(request.params.status), headers });
    },
    "/back/:status": (request) => new Response(null, { status: Number(request.params.status), headers: { Location: "/heard" } }),
    "/heard": async (request) => Response.json({ headers: Object.fromEntries(request.headers), body: await request.text() }),
    "/to-metadata": () => Response.redirect("http://169.254.169.254/latest/meta-data", 302),
    "/to-loopback": () => Response.redirect(`http://[::1]:${server.port}/text`, 307),
    "/to-file": () => new Response(null, { status: 302, headers: { Location: "file:///etc/passwd" } }),
    "/round": () => Response.redirect("/round", 302),
    "/slow": async () => {
      await held.promise;
      return new Response("late");
    },
    "/stuck-body": () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            controller.enqueue(new TextEncoder().encode("begun"));
            await held.promise;
            controller.close();
          },
        }),
      ),
  },
});
const origin = `http://127.0.0.1:${server.port}`;
afterAll(async () => {
  held.resolve();
  await server.stop(true);
});

const open = await benchOf({ externalServices: "live", httpAllowPrivate: true });

function get(path: string, config: Record<string, unknown> = {}, bench: Bench = open) {
  return bench.run(attemptOf("external_api", { url: path.includes("://") ? path : `${origin}${path}`, ...config }));
}

describe("a call", () => {
  test("is GET unless the method says otherwise, and sends what it is given", async () => {
    expect((await outputOf(get("/echo"))).data).toMatchObject({ method: "GET", body: "" });
    const sent = await outputOf(get("/echo", { method: "post", json: { a: 1 }, headers: { Authorization: "k" } }));
    expect(sent.data).toMatchObject({ method: "POST", body: '{"a":1}', type: "application/json", key: "k" });
    expect((await outputOf(get("/echo", { method: "PUT", body: "raw" }))).data).toMatchObject({ method: "PUT", body: "raw" });
    expect(await failureOf(get("/echo", { body: "raw" }))).toMatchObject({ code: "body_with_get", retryable: false });
  });

  test("whose method is not safe carries the attempt's idempotency key, unless the config says another", async () => {
    for (const method of ["POST", "put", "PATCH", "Delete"])
      expect((await outputOf(get("/echo", { method }))).data).toMatchObject({ method: method.toUpperCase(), idempotency: "e1/me" });
    for (const method of ["GET", "options"]) expect((await outputOf(get("/echo", { method }))).data).toMatchObject({ idempotency: null });
    const headers = { "IDEMPOTENCY-key": "own", "content-TYPE": "application/vnd.api+json" };
    const sent = await outputOf(get("/echo", { method: "POST", json: {}, headers }));
    expect(sent.data).toMatchObject({ idempotency: "own", type: "application/vnd.api+json" });
  });

  test.each(["GETT", "", "GET /", "CONNECT", "TRACE", 5, {}])("of the method %p is bad_config, made up or live", async (method) => {
    const mock = await benchOf();
    for (const bench of [open, mock]) {
      const refused = await failureOf(get("/echo", { method }, bench));
      expect([refused.kind, refused.retryable]).toEqual(["bad_config", false]);
      expect(refused.message).toContain("config.method");
    }
  });

  test("answers with the body as it came where it is JSON, else as text", async () => {
    const text = await textOf(get("/big"));
    expect(text).toStartWith('{"status":"ok","status_code":200,"data":{"b":12345678901234567890, "10":1,"2":2},"url":');
    expect((await outputOf(get("/text"))).data).toBe("plain <text>");
    expect((await outputOf(get("/empty"))).data).toBe("");
    expect(typeof (await outputOf(get("/deep", {}, await benchOf({ ...live, outputBytes: 100_000 })))).data).toBe("string");
  });

  test.each([
    [404, false],
    [401, false],
    [408, true],
    [425, true],
    [429, true],
    [500, true],
    [503, true],
  ])("fails at status %p, retried: %p", async (code, retryable) => {
    expect(await failureOf(get(`/status/${code}`))).toEqual({
      kind: "handler",
      code: `http_${code}`,
      message: `GET ${origin}/status/${code} answered ${code}: went wrong`,
      retryable,
      retryAfterMs: 7_000,
    });
  });

  test("to nobody fails and is tried again", async () => {
    const closed = Bun.serve({ port: 0, fetch: () => new Response() });
    const { port } = closed;
    await closed.stop(true);
    expect(await failureOf(get(`http://127.0.0.1:${port}/`))).toMatchObject({
      kind: "handler",
      code: "ECONNREFUSED",
      retryable: true,
    });
  });

  test("ends when aborted, before the answer and in the middle of it", async () => {
    for (const path of ["/slow", "/stuck-body"]) {
      const context = contextOf();
      const outcome = open.run(attemptOf("external_api", { url: `${origin}${path}` }), context);
      context.abort(new Error("timed out"));
      expect((await failureOf(outcome)).message).toContain("timed out");
    }
  });

  test("reads no more than the limit, counted after decompression", async () => {
    for (const path of ["/huge", "/long"]) expect(await failureOf(get(path))).toMatchObject({ code: "answer_too_large", retryable: false });
    expect((await outputOf(get("/long", { method: "HEAD" }))).data).toBe("");
    expect((await outputOf(get("/just"))).data).toBe("ü".repeat(4_900));
  });

  test("follows redirects, but not for ever, and takes no secrets to another origin", async () => {
    expect((await outputOf(get("/to-text"))).data).toBe("plain <text>");
    const moved = await outputOf(get("/to-echo", { method: "POST", json: {}, headers: { authorization: "k" } }));
    expect(moved.data).toMatchObject({ method: "GET", body: "", key: null, type: null });
    expect(await failureOf(get("/round"))).toMatchObject({ code: "too_many_redirects", retryable: false });
  });

  test("is redirected to another origin without any header that may be a key, and never with a body", async () => {
    const headers = {
      "X-Api-Key": "k",
      Authorization: "k",
      Cookie: "k",
      "Accept-Language": "de",
      "User-Agent": "me",
      Accept: "text/plain",
    };
    const heard = async (path: string, config: Record<string, unknown>) =>
      (await outputOf(get(path, { headers, ...config }))).data as { headers: Record<string, string>; body: string };
    for (const [path, config] of [
      ["/away/302", {}],
      ["/away/307", {}],
      ["/away/303", { method: "POST", json: { a: 1 } }],
      ["/away/308", { method: "DELETE" }],
    ] as const) {
      const away = await heard(path, config);
      expect(away.body).toBe("");
      expect(away.headers).toMatchObject({ accept: "text/plain", "accept-language": "de", "user-agent": "me" });
      expect(Object.entries(away.headers).filter(([name, value]) => value === "k" || name === "idempotency-key")).toEqual([]);
    }
    for (const status of [307, 308]) {
      const refused = await failureOf(get(`/away/${status}`, { method: "POST", body: "secret" }));
      expect(refused).toMatchObject({ code: "redirect_with_body", retryable: false });
      const same = await heard(`/back/${status}`, { method: "POST", body: "secret" });
      expect([same.body, same.headers["x-api-key"], same.headers["idempotency-key"]]).toEqual(["secret", "k", "e1/me"]);
    }
    expect((await failureOf(get("/away/301", { method: "PUT", body: "secret" }))).code).toBe("redirect_with_body");
  });

  test.each([
    "host",
    "Host",
    "CONNECTION",
    "Transfer-Encoding",
    "content-length",
    "TE",
    "uPgrade",
    "proxy-authorization",
    "Proxy-X",
    "a b",
    "a\n",
  ])("with the header %j of its own is bad_config", async (name) => {
    const refused = await failureOf(get("/echo", { headers: { [name]: "internal" } }));
    expect(refused.kind).toBe("bad_config");
    expect(refused.message).not.toContain("internal");
  });

  test("fails without showing the query or the user of its URL", async () => {
    const url = `http://user:hunter2@127.0.0.1:${server.port}/status/500?key=hunter2`;
    expect((await failureOf(get(url))).message).toBe(`GET ${origin}/status/500 answered 500: went wrong`);
    const wrong = await failureOf(open.run(attemptOf("external_api", { url: "hunter2" })));
    expect(wrong.message).toBe("Expected an http or https URL, got a string of 7 characters.");
  });

  test("needs a url of http or https, and a config that its schema takes", async () => {
    for (const url of ["file:///etc/passwd", "nonsense", "javascript:1"]) {
      expect(await failureOf(open.run(attemptOf("external_api", { url })))).toMatchObject({ code: "bad_url", retryable: false });
    }
    expect(await failureOf(get("/to-file"))).toMatchObject({ code: "bad_url" });
    const refused = await failureOf(open.run(attemptOf("external_api", { headers: { a: 1 }, method: "GET /" })));
    expect(refused.kind).toBe("bad_config");
    for (const field of ["config.url", "config.headers", "config.method"]) expect(refused.message).toContain(field);
  });
});

const live = { externalServices: "live", httpAllowPrivate: true } as const;

describe("private addresses", () => {
  const closed = { ...settings, externalServices: "live" } as const;

  /** A guard for which 127.0.0.1 is public, so that the test's own server can stand for one on the internet. */
  function guarded(resolve: Resolve): Bench {
    const allow = (address: string): boolean => address === "127.0.0.1" || isPublicAddress(address);
    return benchWith([externalApiLive(closed, { clock: new World(), random: { next: () => 0 } }, { resolve, allow })], closed);
  }

  test("are refused behind a redirect too", async () => {
    const bench = guarded(async () => ["127.0.0.1"]);
    expect((await outputOf(get("/to-text", {}, bench))).data).toBe("plain <text>");
    for (const path of ["/to-metadata", "/to-loopback"]) expect((await failureOf(get(path, {}, bench))).code).toBe("private_address");
    expect((await failureOf(get("/to-file", {}, bench))).code).toBe("bad_url");
  });

  test("are refused where only one of a name's addresses is private", async () => {
    expect(
      (
        await failureOf(
          get(
            "http://two.test/",
            {},
            guarded(async () => ["127.0.0.1", "10.0.0.1"]),
          ),
        )
      ).code,
    ).toBe("private_address");
    expect(
      (
        await failureOf(
          get(
            "http://none.test/",
            {},
            guarded(async () => []),
          ),
        )
      ).code,
    ).toBe("private_address");
  });

  test("cannot be reached by a second answer to the same question: the call goes to the address that was checked", async () => {
    const answers = [["127.0.0.1"], ["10.0.0.1"]];
    const bench = guarded(async () => answers.shift() ?? []);
    const echoed = (await outputOf(get(`http://moving.test:${server.port}/echo`, {}, bench))).data;
    expect(echoed).toMatchObject({ host: `moving.test:${server.port}` });
    expect(answers.length).toBe(1);
  });

  test("a name that takes long to look up does not outlive the attempt", async () => {
    const bench = guarded(() => new Promise(() => undefined));
    const context = contextOf();
    const outcome = bench.run(attemptOf("external_api", { url: "http://slow.test/" }), context);
    context.abort(new Error("timed out"));
    expect((await failureOf(outcome)).message).toBe("timed out");
  });
});

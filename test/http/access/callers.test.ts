/** Who is answered while there are no keys: by Host, Origin, what a browser says of the page, and what a proxy leaves. */
import { describe, expect, test } from "bun:test";
import { type AccessSettings, callerRules, exposureOf } from "../../../src/http/access/access.ts";
import { createCallerCheck } from "../../../src/http/access/callers.ts";

const AUTO: AccessSettings = { mode: "auto", hosts: null, origins: [] };
const OPEN: AccessSettings = { ...AUTO, mode: "open" };

type Asked = { readonly access?: AccessSettings; readonly listens?: string; readonly method?: string; readonly path?: string };

/** What a request with these headers is answered with before any route sees it; 0 where a route does. */
function statusOf(
  headers: Record<string, string>,
  { access = AUTO, listens = "127.0.0.1", method = "GET", path = "/workflows" }: Asked = {},
) {
  const request = new Request(`http://localhost:8000${path}`, { method, headers: { host: "localhost:8000", ...headers } });
  return createCallerCheck(callerRules(access, listens))(request)?.status ?? 0;
}

describe("a Host", () => {
  const hosts: [string, number][] = [
    ["localhost", 0],
    ["LOCALHOST:8000", 0],
    ["app.localhost:8000", 0],
    ["127.0.0.1:8000", 0],
    ["192.168.1.9", 0],
    ["[::1]:8000", 0],
    ["evil.example", 421],
    ["evil.example:8000", 421],
    ["127.0.0.1.evil.example", 421],
    ["localhost.evil.example", 421],
    ["notlocalhost", 421],
    ["1.2.3.4.5", 421],
    ["localhost, localhost", 400],
    ["localhost:8000:1", 400],
    ["user@localhost", 400],
    ["local host", 400],
    ["[evil.example]", 400],
    ["", 400],
  ];
  test.each(hosts)("%p is answered with %p (0: by a route)", (host, status) => {
    expect(statusOf({ host })).toBe(status);
  });

  test("that is refused is told which setting would take it", () => {
    const request = new Request("http://localhost", { headers: { host: "build.example:8000" } });
    expect(createCallerCheck(callerRules(AUTO, "127.0.0.1"))(request)?.detail).toContain("set APP_ALLOWED_HOSTS=build.example;");
  });

  test("is taken where APP_ALLOWED_HOSTS names it, or what it stands below", () => {
    const access: AccessSettings = { ...AUTO, hosts: ["troupe.example.com", "*.internal.example.com"] };
    const answered = ["troupe.example.com", "Troupe.example.com:8000", "a.internal.example.com", "internal.example.com", "example.com"];
    expect(answered.map((host) => statusOf({ host }, { access }))).toEqual([0, 0, 0, 421, 421]);
  });

  test("may be any name on an address that others reach, until its names are said; not where APP_ACCESS is open", () => {
    const host = "troupe.example.com";
    expect(statusOf({ host }, { listens: "0.0.0.0" })).toBe(0);
    expect(statusOf({ host: "a b" }, { listens: "0.0.0.0" })).toBe(400);
    expect(statusOf({ host }, { listens: "0.0.0.0", access: { ...AUTO, hosts: ["other.example.com"] } })).toBe(421);
    expect(statusOf({ host }, { listens: "0.0.0.0", access: OPEN })).toBe(421);
    expect(statusOf({ host }, { listens: "troupe.example.com", access: OPEN })).toBe(0);
  });

  test.each(["/health", "/ready"])("may be any at %s, which load balancers ask; not two", (path) => {
    expect(["upstream-1:8000", "", "my_service"].map((host) => statusOf({ host }, { path }))).toEqual([0, 0, 0]);
    expect(statusOf({ host: "a, b" }, { path })).toBe(400);
    expect(statusOf({ host: "evil.example" }, { path: `${path}y` })).toBe(421);
  });
});

describe("a page", () => {
  const own = "http://localhost:8000";
  const origins: [string, number][] = [
    [own, 0],
    ["https://localhost:8000", 0],
    ["http://localhost", 403],
    ["http://localhost:9000", 403],
    ["http://127.0.0.1:8000", 403],
    ["https://evil.example", 403],
    ["null", 403],
    ["", 403],
  ];
  test.each(origins)("of the origin %p is answered with %p (0: by a route)", (origin, status) => {
    expect(statusOf({ origin }, { method: "POST" })).toBe(status);
  });

  test("of an origin that APP_CORS_ORIGINS names is answered, and no other", () => {
    const access: AccessSettings = { ...AUTO, origins: ["https://app.example"] };
    const site = { "sec-fetch-site": "cross-site" };
    expect(statusOf({ origin: "https://app.example", ...site }, { access, method: "POST" })).toBe(0);
    expect(statusOf({ origin: "https://app.example.evil.example", ...site }, { access, method: "POST" })).toBe(403);
  });

  test("has the usual port of its scheme, said or not", () => {
    expect(statusOf({ host: "localhost:80", origin: "http://localhost" })).toBe(0);
    expect(statusOf({ host: "localhost", origin: "https://localhost:443" })).toBe(0);
  });

  test("of another site is refused by what its browser says of it, also where it sends no origin", () => {
    const asked = (site: string, more: Record<string, string> = {}, path = "/workflows") =>
      statusOf({ "sec-fetch-site": site, ...more }, { path });
    expect(["cross-site", "same-site", "same-origin", "none"].map((site) => asked(site))).toEqual([403, 403, 0, 0]);
    const visit = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect(["/", "/docs", "/docs?x", "/workflows", "/docs/start.js"].map((path) => asked("cross-site", visit, path))).toEqual([
      0, 0, 0, 403, 403,
    ]);
    expect(asked("cross-site", { ...visit, "sec-fetch-dest": "iframe" }, "/docs")).toBe(403);
    expect(statusOf({ "sec-fetch-site": "cross-site", ...visit }, { method: "POST", path: "/docs" })).toBe(403);
    // What a client that is no browser sends, too.
    expect(asked("", { "sec-fetch-mode": "cors" })).toBe(0);
  });

  test("of ours is known behind a proxy that puts another Host in, where proxies are answered", () => {
    const behind = { host: "localhost:8000", origin: "https://troupe.example.com" };
    expect(statusOf({ ...behind, "x-forwarded-host": "troupe.example.com" }, { access: OPEN, method: "POST" })).toBe(0);
    expect(statusOf({ ...behind, "sec-fetch-site": "same-origin" }, { access: OPEN, method: "POST" })).toBe(0);
    expect(statusOf({ ...behind, "x-forwarded-host": "other.example.com" }, { access: OPEN, method: "POST" })).toBe(403);
    expect(statusOf({ ...behind, "sec-fetch-site": "same-origin" }, { method: "POST" })).toBe(403);
  });
});

describe("what came through a proxy", () => {
  test.each(["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Via"])(
    "and has %s is refused on loopback until APP_ACCESS=open is said",
    (name) => {
      expect(statusOf({ [name]: "x" })).toBe(403);
      expect(statusOf({ [name]: "x" }, { access: OPEN })).toBe(0);
      expect(statusOf({ [name]: "x" }, { listens: "0.0.0.0" })).toBe(0);
    },
  );
});

describe("the start", () => {
  test("warns where anybody who reaches the address may call, and nobody has said that this is meant", () => {
    for (const host of ["127.0.0.1", "127.8.8.8", "localhost", "::1"]) expect(exposureOf(AUTO, host)).toBeNull();
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "troupe.example.com"]) {
      expect(exposureOf(AUTO, host)).toContain(`ANYBODY WHO REACHES ${host}`);
      expect(exposureOf(AUTO, host)).toContain("APP_ALLOWED_HOSTS");
      expect(exposureOf({ ...AUTO, hosts: ["a"] }, host)).not.toContain("APP_ALLOWED_HOSTS");
      expect(exposureOf(OPEN, host)).toBeNull();
    }
  });
});

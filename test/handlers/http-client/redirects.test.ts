/** What a redirect may ask for. */
import { describe, expect, test } from "bun:test";
import { followed, type Hop } from "../../../src/handlers/http-client/redirects.ts";

const from = (url: string, more: Partial<Hop> = {}): Hop => ({ url: new URL(url), method: "GET", headers: {}, body: null, ...more });

describe("a redirect", () => {
  test("from https to http is refused, also to the same name; the other way it is followed", () => {
    expect(() => followed(from("https://a.test/x?key=hunter2"), new URL("http://a.test/y?key=hunter2"), 302)).toThrow(
      "https://a.test redirects to http://a.test, which is not encrypted: such a redirect is not followed. Call the address itself.",
    );
    expect(followed(from("http://a.test/x"), new URL("https://a.test/x"), 308).url.href).toBe("https://a.test/x");
  });

  test("to another port or scheme is one to another origin", () => {
    const hop = from("http://a.test/", { headers: { "x-api-key": "k", Accept: "*/*" } });
    for (const to of ["http://a.test:81/", "https://a.test/", "http://b.test/"])
      expect(followed(hop, new URL(to), 302).headers).toEqual({ Accept: "*/*" });
    expect(followed(hop, new URL("http://a.test/other"), 302).headers).toEqual(hop.headers);
  });

  test.each([
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [303, "PUT", "GET"],
    [302, "PUT", "PUT"],
    [303, "HEAD", "HEAD"],
    [307, "POST", "POST"],
    [308, "DELETE", "DELETE"],
  ])("of %p makes %s a %s", (status, method, next) => {
    const hop = from("http://a.test/", { method, body: method === "HEAD" ? null : "x", headers: { "Content-Type": "text/plain" } });
    const made = followed(hop, new URL("http://a.test/b"), status);
    expect([made.method, made.body, "Content-Type" in made.headers]).toEqual([next, next === "GET" ? null : hop.body, next !== "GET"]);
  });
});

/** How an answer's body is read: in one piece where its length is known, since a stream costs thirty microseconds more. */
import { describe, expect, test } from "bun:test";
import { readBody } from "../../../src/handlers/http-client/http-answer.ts";

/** Tells whether its stream was asked for. */
function answer(text: string, headers: Record<string, string>): { readonly response: Response; streamed(): boolean } {
  const response = new Response(text, { headers });
  let streamed = false;
  const { body } = response;
  Object.defineProperty(response, "body", {
    get() {
      streamed = true;
      return body;
    },
  });
  // The stream locks what text() would read.
  return { response: Object.assign(response, { text: async () => text }), streamed: () => streamed };
}

describe("a body", () => {
  test("whose length is known is read in one piece", async () => {
    const { response, streamed } = answer("hello", { "content-length": "5" });
    expect([await readBody(response, 5), streamed()]).toEqual(["hello", false]);
  });

  test("that is packed, or whose length is not known, is counted as it comes", async () => {
    for (const headers of [
      { "content-length": "5", "content-encoding": "gzip" },
      { "content-length": "5", "transfer-encoding": "chunked" },
      {},
    ]) {
      const { response, streamed } = answer("hello", headers as Record<string, string>);
      expect([await readBody(response, 5), streamed()]).toEqual(["hello", true]);
    }
    await expect(readBody(new Response(new Blob(["hello"]).stream()), 4)).rejects.toThrow("larger than the limit of 4 bytes");
  });

  test("that is announced as too long is refused", async () => {
    const { response } = answer("hello", { "content-length": "5" });
    await expect(readBody(response, 4)).rejects.toThrow("larger than the limit of 4 bytes");
  });
});

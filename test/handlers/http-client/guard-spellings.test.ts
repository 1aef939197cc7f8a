/** The ways in which a private address has been, or might be, written to get past a guard. Each goes through the real one. */
import { afterAll, describe, expect, test } from "bun:test";
import { type Guard, guardedFetch } from "../../../src/handlers/http-client/guarded-fetch.ts";
import { HandlerError } from "../../../src/handlers/handler.ts";
import { allowedAddress, isPublicAddress, systemResolve } from "../../../src/handlers/http-client/public-address.ts";

const heard: string[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "0.0.0.0",
  fetch(request) {
    heard.push(request.url);
    return new Response("private");
  },
});
afterAll(() => server.stop(true));

/** Names of somebody's own zone, which may point anywhere. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  // Not every machine knows it with a dot at its end.
  localhost: ["127.0.0.1", "::1"],
  "loopback.example": ["127.0.0.1"],
  "metadata.example": ["169.254.169.254"],
  "six.example": ["::1"],
  "mapped.example": ["::ffff:127.0.0.1"],
  "compatible.example": ["::7f00:1"],
  "two.example": ["93.184.215.14", "10.0.0.1"],
  "none.example": [],
  "zone.example": ["fe80::1%lo"],
  "broken.example": ["127.0.0.1x"],
};
const guard: Guard = {
  resolve: async (host) => NAMES[host.replace(/\.$/, "")] ?? (await systemResolve(host)),
  allow: isPublicAddress,
};

const LOOPBACK = [
  ..."127.0.0.1 127.1 127.0.1 127.0.0.1. 127.255.255.254 127.000.000.001 2130706433 2130706433. 017700000001 0x7f000001".split(" "),
  ..."0x7F000001 0x7f.1 0x7f.0.0.1 0x7f.0x0.0x0.0x1 0177.1 0177.0.0.1 0177.0.0.01 0177.0x0.0.1 00000177.0.0.1 127.0.0x1".split(" "),
  ..."localhost LOCALHOST localhost. %6cocalhost ｌｏｃａｌｈｏｓｔ ⓛⓞⓒⓐⓛⓗⓞⓢⓣ %31%32%37.0.0.1 127%2e0%2e0%2e1".split(" "),
  ..."１２７.０.０.１ ①②⑦.⓪.⓪.① 127。0。0。1 127．0．0．1 0 0.0.0.0 0x0 00 0.0.0.1".split(" "),
  "127.0.\u00AD0.1",
  "local\u00ADhost",
  "127.0\t.0.1",
  "127.0.0\n.1",
  "example.com@127.0.0.1",
  "example.com:80@127.1",
  "user:pass@localhost",
];
const PRIVATE = [
  ..."10.0.0.1 10.1 0xa.1 012.1 167772161 172.16.0.1 172.31.255.255 192.168.1.1 192.168.257 0xc0a80101".split(" "),
  ..."169.254.169.254 0xA9FEA9FE 2852039166 0251.0376.0251.0376 169.254.43518 100.64.0.1 100.100.100.200 168.63.129.16".split(" "),
  ..."192.0.0.192 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 192.88.99.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255".split(" "),
  ...Object.keys(NAMES).filter((name) => name !== "localhost"),
  "Metadata.Example.",
];
const SIX = [
  ..."::1 0:0:0:0:0:0:0:1 0000::0001 :: ::2 ::ffff:127.0.0.1 ::ffff:7f00:1 ::FFFF:127.0.0.1 0:0:0:0:0:ffff:7f00:1".split(" "),
  ..."::127.0.0.1 ::7f00:1 ::a9fe:a9fe ::10.0.0.1 ::ffff:169.254.169.254 ::ffff:10.0.0.1 ::ffff:0:7f00:1 ::ffff:0:127.0.0.1".split(" "),
  ..."64:ff9b::7f00:1 64:ff9b::127.0.0.1 64:ff9b:1::7f00:1 2002:7f00:1:: 2002:7f00:1::1 2002:a9fe:a9fe:: 2001::7f00:1".split(" "),
  ..."2001:0:7f00:1:: fe80::1 febf::1 fe80::7f00:1 fec0::1 fc00::1 fd00::1 fd00:ec2::254 ff02::1 ff0e::1 100::1 2001:db8::1".split(" "),
  ..."3fff::1 5f00::1 4000::1 8000::1 1fff::1 2001:10::1 2001:20::1 2001:2::1".split(" "),
].map((address) => `[${address}]`);
const WHOLE = [
  "http:\\\\127.0.0.1:PORT/",
  "http:127.0.0.1:PORT/",
  "http:/127.0.0.1:PORT/",
  "http:///127.0.0.1:PORT/",
  "  http://127.0.0.1:PORT/  ",
  "ht\ntp://127.0.0.1:PORT/",
  "HTTP://127.0.0.1:PORT/",
  "http://127.0.0.1:PORT\\@example.com/",
  "http://127.0.0.1:PORT#@example.com/",
  "http://127.0.0.1:PORT?@example.com/",
  "https://127.0.0.1:PORT/",
  "http://[::1%25lo]:PORT/",
  "http://[fe80::1%25eth0]:PORT/",
  "http://256.0.0.1:PORT/",
  "http://127.0.0.1.2:PORT/",
  "http://4294967297:PORT/",
  "http://127.0.0.1%00.example.com:PORT/",
  "//127.0.0.1:PORT/",
  "127.0.0.1:PORT/",
  "/etc/passwd",
  "",
  "file:///etc/passwd",
  "file://localhost/etc/passwd",
  "unix:/var/run/docker.sock",
  "data:text/plain,private",
  "blob:http://127.0.0.1:PORT/1",
  "s3://bucket/key",
  "ftp://127.0.0.1:PORT/",
  "gopher://127.0.0.1:PORT/_GET",
  "dict://127.0.0.1:PORT/",
  "ws://127.0.0.1:PORT/",
  "javascript:fetch('http://127.0.0.1:PORT/')",
];
const SPELLINGS = [...[...LOOPBACK, ...PRIVATE, ...SIX].map((host) => `http://${host}:PORT/`), ...WHOLE];

describe("the guard", () => {
  test("is tried with all that we know, which is a lot", () => {
    expect(new Set(SPELLINGS).size).toBe(SPELLINGS.length);
    expect(SPELLINGS.length).toBeGreaterThanOrEqual(150);
  });

  test.each(SPELLINGS)("refuses %j before anything is sent", async (spelling) => {
    const url = spelling.replaceAll("PORT", String(server.port));
    const request = { url, method: "GET", headers: {}, body: null, signal: new AbortController().signal };
    const refused = await guardedFetch(request, guard).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(HandlerError);
    expect((refused as HandlerError).code).toMatch(/^(?:private_address|bad_url)$/);
    expect(heard).toEqual([]);
  });

  test.each(["8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8", "::808:808"])(
    "lets %s through",
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  test("connects to the address that was checked, out of whatever it was wrapped in", async () => {
    const at = (host: string) => allowedAddress(host, guard.resolve, isPublicAddress);
    expect(await at("[2606:4700::1111]")).toBe("2606:4700::1111");
    expect(await at("[::ffff:808:808]")).toBe("8.8.8.8");
    expect(await at("two.example")).toBeNull();
  });
});

/** A pool whose hosts cannot be started, or do not end loading. */
import { expect, test } from "bun:test";
import { slotsBytes, viewSlots } from "../../../src/pool/wire/slots.ts";
import type { LinkEvents, StartLink } from "../../../src/pool/wire/link.ts";
import { Hosts } from "../../../src/pool/dispatch/hosts.ts";
import { World } from "../../sim/world.ts";

function hostsWith(startLink: StartLink) {
  const world = new World();
  const reports: string[] = [];
  const hosts = new Hosts(
    {
      startLink,
      slots: 1,
      hosts: 1,
      hostsMost: 2,
      hostsIdle: 1,
      idleMs: 1_000,
      clock: world,
      report: (sentence) => void reports.push(sentence),
    },
    { ready: () => undefined, outcomes: () => undefined, died: () => undefined },
  );
  return { world, reports, hosts };
}

/** Never says anything by itself. */
function silentLink(heard: (events: LinkEvents) => void, ended: () => void): StartLink {
  return (slots, events) => {
    heard(events);
    return { slots: viewSlots(new ArrayBuffer(slotsBytes(slots)), slots), send: () => undefined, abort: () => undefined, end: ended };
  };
}

test("where the machine gives no thread the next try comes after a pause, and each pause is longer, up to 10 s", async () => {
  let tries = 0;
  const { world, reports, hosts } = hostsWith(() => {
    tries += 1;
    throw new Error("no more processes");
  });
  for (let look = 0; look < 4_000; look += 1) {
    hosts.fill(true);
    await world.pass(10);
  }
  expect(await hosts.firstReport).toEqual({ ok: false, faults: ["Error: no more processes"] });
  // 0.1 + 0.2 + … + 6.4 s, then every 10 s, within 40 s.
  expect(tries).toBe(10);
  expect(reports.at(-1)).toContain("the next try is in 10000 ms");
});

test("a host that does not end loading is told of, and close does not wait for it for ever", async () => {
  const { world, reports, hosts } = hostsWith(
    silentLink(
      () => undefined,
      () => undefined,
    ),
  );
  hosts.fill(false);
  const [host] = hosts.all;
  if (host === undefined) throw new Error("fill(false) starts the hosts that stay when there is nothing to do.");
  hosts.lookAt(host, world.nowMs() + 9_999);
  expect(reports).toEqual([]);
  hosts.lookAt(host, world.nowMs() + 10_000);
  hosts.lookAt(host, world.nowMs() + 10_001);
  expect(reports).toHaveLength(1);
  expect(reports[0]).toContain("has been loading for more than 10000 ms");
  const closed = hosts.close();
  await world.pass(5_000);
  await closed;
});

test("a host that is still loading at the close is ended after its first word, not before", async () => {
  let ended = false;
  let events: LinkEvents | undefined;
  const { hosts } = hostsWith(
    silentLink(
      (given) => {
        events = given;
      },
      () => {
        ended = true;
      },
    ),
  );
  hosts.fill(false);
  const closed = hosts.close();
  expect(ended).toBe(false);
  events?.ready([]);
  expect(ended).toBe(true);
  await closed;
});

/** That the simulation of several instances would notice: what their working together rests on is broken on purpose. */
import { describe, expect, test } from "bun:test";
import { LeasedLane } from "../../src/cluster/lanes/leased-lane.ts";
import type { SharedMemoryFiles } from "../../src/store/memory/shared-memory-store.ts";
import type { SharedStore } from "../../src/store/shared-store.ts";
import type { Attempt } from "../../src/pool/pool.ts";
import type { Commit } from "../../src/store/store.ts";
import { LEVEL } from "../../src/workflow/execution/level.ts";
import type { Life } from "./life.ts";
import { isNewerOffer } from "./newer-build.ts";
import { NO_TROUBLES, type SeveralFaults, type SeveralSabotage, simulateSeveral } from "./simulate-several.ts";

const SEEDS = 60;

const ALL_HANDLERS = ["0step", "1joins", "2given"];

/** A store of which one act is another. */
function storeWith(acts: (store: SharedStore, files: SharedMemoryFiles, life: Life) => Partial<SharedStore>): SeveralSabotage {
  return { store: (store, life, files) => Object.assign(store, acts(store, files, life)) };
}

/** While the play goes on, this is patched; the answer ends that. */
type Patch = () => () => void;

const trustedAlways: Patch = () => {
  const { trusted } = LeasedLane.prototype;
  LeasedLane.prototype.trusted = () => true;
  return () => void (LeasedLane.prototype.trusted = trusted);
};
const untouched: Patch = () => () => undefined;

describe("the simulation of several instances notices", () => {
  for (const [name, faults, sabotage, says, patch] of [
    [
      // The log's sequence stops a second writer as well, so both are taken away.
      "a store that lets every owner write, wherever the log is",
      { troubles: ["pause"] },
      storeWith((store, files) => {
        for (const lane of files.lanes) lane.judge = () => "next";
        const commit = store.commit.bind(store);
        return {
          commit: (lane: number, given: Commit) => {
            const entries = given.entries.map((entry) => {
              const { chunk, summary } = entry;
              const from = 1 + (files.executions.get(summary.id)?.summary.sequence ?? 0);
              const to = from + chunk.to - chunk.from;
              return { ...entry, chunk: { ...chunk, from, to }, summary: { ...summary, sequence: to } };
            });
            return commit(lane, { ...given, entries });
          },
        };
      }),
      /two results|times in the log|comes after attempt|another story/,
    ],
    [
      "a store that says that a lapsed lease is renewed",
      { troubles: ["storeAway", "pause"] },
      storeWith((store) => {
        const renew = store.renew.bind(store);
        const pending = { commands: 0, created: 0, offers: 0, outboxEntries: 0, outboxBytes: 0 };
        return {
          renew: async (leases, ttlMs) =>
            (await renew(leases, ttlMs)).map((renewal) => (renewal.type === "lapsed" ? { type: "renewed", pending } : renewal)),
        };
      }),
      /does not own it|is trusted by/,
    ],
    ["an owner that trusts its lease for ever", { troubles: ["pause", "storeAway"] }, {}, /does not own it|is trusted by/, trustedAlways],
    [
      "an owner that takes for lost what a living instance runs",
      { troubles: ["end", "join"] },
      {
        pool: (pool) => ({
          ...pool,
          attach(execution, listener) {
            const attempts = pool.attach(execution, listener);
            return Object.assign(attempts, {
              watch(_node: number, _attempt: number, executor: string) {
                Object.getPrototypeOf(attempts).watch.call(attempts, _node, _attempt, executor);
                pool.executorDied(executor);
              },
            });
          },
        }),
      },
      /nobody died/,
    ],
    [
      "a stored command that is deleted when it is read, before its commit",
      { troubles: ["kill"] },
      storeWith((store, files) => {
        const read = store.commandsAfter.bind(store);
        return {
          async commandsAfter(lane, position, limit) {
            const commands = await read(lane, position, limit);
            const receipts = commands.map(({ id }) => ({ commandId: id, receipt: '{"type":"done"}' }));
            files.lanes[lane]?.answered(receipts, Number.MAX_SAFE_INTEGER - 1e9);
            return commands;
          },
        };
      }),
      /not durable|triggers of|never: all executions/,
    ],
    [
      "receipts that are not kept",
      {},
      storeWith((_store, files) => {
        for (const lane of files.lanes) lane.receiptOf = () => null;
        return {};
      }),
      /not answered by the owner/,
    ],
    [
      "created executions that nobody is told of",
      { ringsLost: 0.5 },
      storeWith((store) => {
        const renew = store.renew.bind(store);
        return {
          renew: async (leases, ttlMs) =>
            (await renew(leases, ttlMs)).map((renewal) =>
              renewal.type === "renewed" ? { type: "renewed", pending: { ...renewal.pending, created: 0 } } : renewal,
            ),
        };
      }),
      /started \d+ ms after/,
    ],
    [
      "outcomes of remote attempts that are dropped",
      { slots: 1 },
      storeWith((store) => {
        const send = store.send.bind(store);
        return { send: async (command) => (command.id.startsWith("outcome/") ? { type: "queued" } : send(command)) };
      }),
      /never: all executions/,
    ],
    [
      "a relay that deletes before it sends",
      { troubles: ["kill", "streamAway"] },
      storeWith((store) => {
        const outbox = store.outbox.bind(store);
        return {
          async outbox(lane, limit) {
            const entries = await outbox(lane, limit);
            await store.relayed(
              lane,
              entries.map(({ id }) => id),
            );
            return entries;
          },
        };
      }),
      /the stream/,
    ],
    [
      "epochs that an older past gives out again",
      { troubles: ["fall", "fall", "fall", "end"] },
      storeWith((_store, files) => {
        for (const lane of files.lanes) {
          const take = lane.take.bind(lane);
          lane.take = (bootId, ttlMs, nowMs) => take(bootId, ttlMs, nowMs);
        }
        return {};
      }),
      /two events for one/,
    ],
    [
      "a claim that others may claim too",
      { slots: 1 },
      storeWith((store, files) => {
        const claim = store.claim.bind(store);
        return {
          async claim(lane, asked) {
            const offers = await claim(lane, asked);
            const lease = files.lanes[lane]?.view(0);
            if (lease !== undefined && lease.bootId !== null) {
              await store.discard(
                lane,
                offers.map(({ id }) => id),
              );
              const number = Number.MAX_SAFE_INTEGER;
              await store.offer({ lane, bootId: lease.bootId, epoch: lease.epoch, diedBootId: null }, offers, number);
            }
            return offers;
          },
        };
      }),
      /began twice/,
    ],
    [
      "a claim of what one cannot run",
      { handlersDiffer: true },
      storeWith((store) => {
        const claim = store.claim.bind(store);
        return { claim: (lane, asked) => claim(lane, { ...asked, can: ALL_HANDLERS }) };
      }),
      /does not have its handler|lost, though nothing was amiss/,
    ],
    [
      "an owner that keeps what it cannot run",
      { handlersDiffer: true },
      { pool: (pool) => ({ ...pool, overflow: Object.assign(pool.overflow, { spillAway: () => [] }) }) },
      /never: all executions/,
    ],
    [
      // Under another name that lives, since an owner that hears of its own claim takes the attempt in again.
      "a claim of one's own offer",
      { slots: 1 },
      storeWith((store, files) => {
        const offer = store.offer.bind(store);
        const beat = store.beat.bind(store);
        const alias = (bootId: string) => `${bootId}, late`;
        let claims = 0;
        return {
          async offer(lease, offers, number) {
            const answer = await offer(lease, offers, number);
            claims += 1;
            files.lanes[lease.lane]?.claim({
              bootId: alias(lease.bootId),
              number: claims,
              max: 1,
              awayMax: 1,
              can: ALL_HANDLERS,
            });
            return answer;
          },
          async beat(member, ttlMs) {
            const views = await beat(member, ttlMs);
            const own = views.find(({ bootId }) => bootId === member.bootId);
            return own === undefined ? views : [...views, { ...own, bootId: alias(own.bootId), leaving: true }];
          },
        };
      }),
      /never: all executions/,
    ],
    [
      "an older instance that claims a newer one's offer and drops it",
      { versionsDiffer: true, slots: 1 },
      storeWith((store) => {
        const claim = store.claim.bind(store);
        return { claim: async (lane, asked) => (await claim(lane, asked)).filter(({ body }) => !isNewerOffer(body)) };
      }),
      /lost by a death, and nobody died|never: all executions/,
    ],
    [
      "a level that comes into use while an older instance lives",
      { versionsDiffer: true, troubles: ["join"] },
      storeWith((_store, files) => {
        const beat = files.members.beat.bind(files.members);
        files.members.beat = (member, _level, ttlMs, nowMs) => beat(member, LEVEL + 1, ttlMs, nowMs);
        return {};
      }),
      new RegExp(`is below level ${LEVEL + 1}`),
    ],
    [
      "an owner that gives an outcome to the node of its index, after an older past",
      { reordered: true, slots: 1, troubles: ["fall", "fall", "fall", "join"] },
      storeWith((store) => {
        const commandsAfter = store.commandsAfter.bind(store);
        const byIndex = (body: string) => body.replace(/"nodeId":"[^"]*",/, "");
        return {
          commandsAfter: async (...asked) => (await commandsAfter(...asked)).map((each) => ({ ...each, body: byIndex(each.body) })),
          // From level 2 on no index is told.
          raiseLevel: async () => false,
        };
      }),
      /another's result/,
    ],
    [
      "a pool that keeps what is taken back for a pause",
      { pauses: 0.7, slots: 1 },
      {
        pool: (pool) => ({
          ...pool,
          attach(execution, listener) {
            const attempts = pool.attach(execution, listener);
            return Object.assign(attempts, { takeBack: () => attempts.size });
          },
        }),
      },
      /is paused/,
    ],
    [
      "a pool that begins nothing that was taken back once",
      { pauses: 0.7, slots: 1 },
      {
        pool: (pool) => ({
          ...pool,
          attach(execution, listener) {
            const attempts = pool.attach(execution, listener);
            const start = attempts.start.bind(attempts);
            const given = new Set<string>();
            return Object.assign(attempts, {
              start(attempt: Attempt) {
                const name = `${attempt.node}/${attempt.attempt}`;
                if (!given.has(name)) start(attempt);
                given.add(name);
              },
            });
          },
        }),
      },
      /never: all executions/,
    ],
    [
      "a store that keeps the claims of what is cancelled",
      { cancels: 0.7, slots: 1 },
      storeWith((store, files) => {
        const discard = store.discard.bind(store);
        return {
          discard(lane: number, ids: readonly string[]) {
            const offers = files.lanes[lane]?.offers() ?? [];
            const isCancelled = (id: string) => {
              const execution = offers.find((offer) => offer.id === id)?.execution ?? "";
              return files.executions.get(execution)?.summary.status === "CANCELLED";
            };
            return discard(
              lane,
              ids.filter((id) => !isCancelled(id)),
            );
          },
        };
      }),
      /holds offer/,
    ],
  ] as const satisfies readonly (readonly [string, Partial<SeveralFaults>, SeveralSabotage, RegExp, Patch?])[]) {
    test(name, async () => {
      const said: string[] = [];
      const restore = (patch ?? untouched)();
      try {
        for (let seed = 1; seed <= SEEDS && !said.some((each) => says.test(each)); seed++) {
          await simulateSeveral(seed, { ...NO_TROUBLES, slots: 2, ...faults }, sabotage).catch((error: unknown) =>
            said.push(String(error)),
          );
        }
      } finally {
        restore();
      }
      expect(said.filter((each) => says.test(each)).length, `${SEEDS} seeds, and nothing that matches ${says}: ${said.join("\n")}`).toBe(1);
    }, 60_000);
  }
});

/** That the simulation would notice: each promise of the engine's seams is broken on purpose, and some seed must say so. */
import { describe, expect, test } from "bun:test";
import type { AttemptListener, Pool } from "../../src/pool/pool.ts";
import type { Commit, CommitAnswer, Store } from "../../src/store/store.ts";
import type { Life } from "./life.ts";
import { type Faults, NO_FAULTS, type Sabotage, simulate } from "./simulate.ts";

const SEEDS = 40;
const DEATHS = { instanceDies: 0.02, storeFails: 0.05 };

/** A store of which one act is another. */
function storeWith(acts: (store: Store, life: Life) => Partial<Store>): (store: Store, life: Life) => Store {
  return (store, life) => Object.assign(store, acts(store, life));
}

/** A store whose commits go through this. */
function committing(through: (commit: (given: Commit) => Promise<CommitAnswer>, given: Commit, life: Life) => Promise<CommitAnswer>) {
  return storeWith((store, life) => {
    const commit = store.commit.bind(store);
    return { commit: (lane, given) => through((each) => commit(lane, each), given, life) };
  });
}

/** A pool whose listeners are told otherwise. */
function telling(ended: (listener: AttemptListener, life: Life) => AttemptListener["ended"]): (pool: Pool, life: Life) => Pool {
  return (pool, life) => ({
    ...pool,
    attach: (execution, listener) =>
      pool.attach(execution, {
        began: (node, attempt, beganAtMs, executor) => listener.began(node, attempt, beganAtMs, executor),
        ended: ended(listener, life),
        returned: () => listener.returned(),
      }),
  });
}

const applied = ({ entries }: Commit): CommitAnswer => ({ type: "done", entries: entries.map(() => ({ type: "applied" }) as const) });

describe("the simulation notices", () => {
  for (const [name, faults, sabotage, says] of [
    [
      "a store that answers before it writes",
      {},
      {
        store: committing(async (commit, given, life) => {
          life.after(30, () => void commit(given));
          return applied(given);
        }),
      },
      /before/,
    ],
    [
      "a store that answers and does not write",
      {},
      {
        store: committing((commit, given, life) =>
          life.random.chance(0.05) ? commit({ ...given, entries: [] }).then(() => applied(given)) : commit(given),
        ),
      },
      /not durable|durable/,
    ],
    [
      "a store that loses one entry of a batch",
      {},
      {
        store: committing(async (commit, given, life) => {
          if (given.entries.length < 2 || life.random.chance(0.5)) return commit(given);
          await commit({ ...given, entries: given.entries.slice(1) });
          return applied(given);
        }),
      },
      /durable/,
    ],
    [
      // The log's sequence stops a second writer as well, so both are taken away.
      "a store that lets every owner write, wherever the log is",
      DEATHS,
      {
        store: (store, _life, files) => {
          const commit = store.commit.bind(store);
          return Object.assign(store, {
            commit: (lane: number, given: Commit) => {
              const { bootId, epoch, number } = files.lane ?? { ...given.id, number: 0 };
              const entries = given.entries.map((entry) => {
                const { chunk, summary } = entry;
                const from = 1 + (files.executions.get(summary.id)?.summary.sequence ?? 0);
                const to = from + chunk.to - chunk.from;
                return { ...entry, chunk: { ...chunk, from, to }, summary: { ...summary, sequence: to } };
              });
              return commit(lane, { ...given, entries, id: { bootId, epoch, number: number + 1 } });
            },
          });
        },
      },
      /two results|times in the log/,
    ],
    [
      "a store that takes every end for a clean one",
      DEATHS,
      { store: committing((commit, given) => commit({ ...given, cleanEnd: true })) },
      /began twice/,
    ],
    [
      "a store that says that it has created what it has not",
      {},
      {
        store: storeWith((store, life) => {
          const create = store.create.bind(store);
          return { create: async (batch) => (life.random.chance(0.2) ? batch.map(() => "created" as const) : create(batch)) };
        }),
      },
      /not durable/,
    ],
    [
      "a store that loses what it keeps apart",
      DEATHS,
      {
        store: storeWith((store) => {
          const read = store.large.bind(store);
          return { large: async (id, keys) => (await read(id, keys)).map((text) => text?.slice(1) ?? null) };
        }),
      },
      /was given|was not given/,
    ],
    [
      "a pool that tells the outcome of one attempt as that of the next",
      {},
      {
        pool: telling((listener, life) => (node, attempt, beganAtMs, outcome) => {
          listener.ended(node, attempt, beganAtMs, { type: "lost", death: false });
          life.after(1, () => listener.ended(node, attempt + 1, beganAtMs, outcome));
        }),
      },
      /never began/,
    ],
    [
      "a pool that tells the outcome of one node as that of another",
      {},
      {
        pool: telling(
          (listener) => (node, attempt, beganAtMs, outcome) => listener.ended(Math.max(0, node - 1), attempt, beganAtMs, outcome),
        ),
      },
      /another's result|it never began|no end|nothing happens/,
    ],
    [
      "a pool that forgets an outcome before it is recorded",
      { supervisorCrashes: 0.1 },
      {
        pool: (pool) => ({
          ...pool,
          attach(execution, listener) {
            const attempts = pool.attach(execution, {
              began: (node, attempt, beganAtMs, executor) => listener.began(node, attempt, beganAtMs, executor),
              ended(node, attempt, beganAtMs, outcome) {
                attempts.settle(node, attempt);
                listener.ended(node, attempt, beganAtMs, outcome);
              },
              returned: () => listener.returned(),
            });
            return attempts;
          },
        }),
      },
      /began twice/,
    ],
    ["an admission that lets everybody in", { limit: 1 }, { limit: null }, /executions run, where 1 may/],
  ] as const satisfies readonly (readonly [string, Partial<Faults>, Sabotage, RegExp])[]) {
    test(name, async () => {
      const said: string[] = [];
      for (let seed = 1; seed <= SEEDS && !said.some((each) => says.test(each)); seed++) {
        await simulate(seed, { ...NO_FAULTS, ...faults }, sabotage).catch((error: unknown) => said.push(String(error)));
      }
      expect(said.filter((each) => says.test(each)).length, `${SEEDS} seeds, and nothing that matches ${says}: ${said.join("\n")}`).toBe(1);
    }, 60_000);
  }
});

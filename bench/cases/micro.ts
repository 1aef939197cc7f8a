/** One part of the engine alone: `--part mailbox`. Each part in a process of its own, so that none is compiled for another's values. */
import type { Case, ServicesOfRun, Variant } from "../case.ts";
import type { Micro } from "../micro/timing.ts";

const PARTS: Readonly<Record<string, (variant: Variant, services: ServicesOfRun) => Promise<Micro>>> = {
  mailbox: async () => (await import("../micro/mailbox.ts")).mailbox(),
  "decide-evolve": async () => (await import("../micro/decide-evolve.ts")).decideEvolve(),
  "template-parse": async () => (await import("../micro/template.ts")).templateParse(),
  "template-resolve": async () => (await import("../micro/template.ts")).templateResolve(),
  "codec-encode": async () => (await import("../micro/codec.ts")).codecEncode(),
  "codec-decode": async () => (await import("../micro/codec.ts")).codecDecode(),
  "pool-1": async () => (await import("../micro/pool.ts")).poolRoundTrip(1),
  "pool-512": async () => (await import("../micro/pool.ts")).poolRoundTrip(512),
  "commit-1": async (variant, services) => (await import("../micro/commit.ts")).storeCommit(1, variant, services),
  "commit-100": async (variant, services) => (await import("../micro/commit.ts")).storeCommit(100, variant, services),
  "check-diamond": async () => (await import("../micro/check.ts")).definitionCheck(3),
  "check-1000": async () => (await import("../micro/check.ts")).definitionCheck(998),
};

/** @internal */
export const MICRO_PARTS: readonly string[] = Object.keys(PARTS);

export const microCase: Case = {
  name: "micro",
  title: `one part alone, by mitata: --part ${MICRO_PARTS.join(", ")}`,
  async start(variant, services) {
    const start = PARTS[variant.part ?? ""];
    if (start === undefined) throw new Error(`There is no part "${variant.part}"; there are ${MICRO_PARTS.join(", ")}.`);
    const micro = await start(variant, services);
    // Compiled by then.
    await micro.ns();
    return {
      round: async () => ({ "ns a call": await micro.ns() }),
      stop: async () => await micro.stop?.(),
    };
  },
};

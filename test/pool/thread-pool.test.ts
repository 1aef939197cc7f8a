/** The pool of threads: the contract, and what only threads can show. */
import { systemClock } from "../../src/env/clock.ts";
import { systemTurns } from "../../src/env/turns.ts";
import { createThreadPool } from "../../src/pool/thread-pool.ts";
import { poolContract } from "../contracts/pool.ts";

const ENTRY = new URL("./fixtures/host.ts", import.meta.url);
const MACHINE = { entry: ENTRY, settings: { load: "well" }, clock: systemClock, turns: systemTurns };

poolContract("thread", ({ slots, abortGraceMs, report }) =>
  createThreadPool({ ...MACHINE, threads: 1, slotsPerThread: slots, abortGraceMs, report }),
);

/** The pool of child processes: the contract, and what only processes can show. */
import { systemClock } from "../../src/env/clock.ts";
import { systemTurns } from "../../src/env/turns.ts";
import { createProcessPool } from "../../src/pool/process-pool.ts";
import { poolContract } from "../contracts/pool.ts";

const ENTRY = new URL("./fixtures/host.ts", import.meta.url);
const MACHINE = { entry: ENTRY, settings: { load: "well" }, clock: systemClock, turns: systemTurns };

poolContract("process", (options) => createProcessPool({ ...MACHINE, ...options }));

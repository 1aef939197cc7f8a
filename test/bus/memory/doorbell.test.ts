/** The contract of doorbells, for those of one process. */
import { createDoorbellHub } from "../../../src/bus/memory/doorbell.ts";
import { doorbellContract } from "../../contracts/doorbell.ts";
import { World } from "../../sim/world.ts";

doorbellContract("memory", async () => {
  const world = new World();
  const hub = createDoorbellHub(world);
  return { hang: async () => hub.hang(), until: (fact, what) => world.until(fact, what), end: async () => undefined };
});

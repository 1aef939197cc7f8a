/** Every case by its name. A case's own module is loaded only in the process that runs it. */
import type { Case } from "./case.ts";

const LOADERS: Readonly<Record<string, () => Promise<Case>>> = {
  "fan-out": async () => (await import("./cases/fan-out.ts")).fanOutCase,
  chain: async () => (await import("./cases/chain.ts")).chainCase,
  micro: async () => (await import("./cases/micro.ts")).microCase,
  diamonds: async () => (await import("./cases/diamonds.ts")).diamondsCase,
};

export const CASE_NAMES: readonly string[] = Object.keys(LOADERS);

/** Rejects with a sentence that names the cases, where there is none of that name. */
export async function caseOf(name: string): Promise<Case> {
  const load = LOADERS[name];
  if (load === undefined) throw new Error(`There is no case "${name}"; there are ${CASE_NAMES.join(", ")}.`);
  return await load();
}

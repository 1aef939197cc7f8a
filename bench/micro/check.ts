/** A definition's text checked as a whole and made into a plan, for each of its nodes. */
import { parseDefinition } from "../../src/workflow/definition/definition.ts";
import { fanOut } from "../definitions.ts";
import { CHECK } from "./definitions.ts";
import { type Micro, nsOf } from "./timing.ts";

/** 1 → `width` → 1. */
export function definitionCheck(width: number): Micro {
  const text = JSON.stringify(fanOut(width));
  const act = (): void => {
    const checked = parseDefinition(text, CHECK);
    if (!checked.ok) throw new Error(`The benchmark's definition is refused: ${JSON.stringify(checked.problems)}`);
  };
  return { ns: async () => (await nsOf(act)) / (width + 2) };
}

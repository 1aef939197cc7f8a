/** What the parts are given: plans of checked definitions, and the options that check them. */
import { type DefinitionOptions, parseDefinition } from "../../src/workflow/definition/definition.ts";
import type { Plan } from "../../src/workflow/plan/plan.ts";
import { fanOut } from "../definitions.ts";

const NOOP = { name: "noop", names: ["noop"], needs: [] };

/** The defaults of an instance, and one handler. */
export const CHECK: DefinitionOptions = {
  form: "workflow",
  limits: { nodes: 100_000, edges: 1_000_000, nesting: 128 },
  catalog: new Map([["noop", NOOP]]),
  defaults: { retry: { maxAttempts: 3, initialIntervalMs: 1_000 }, timeoutMs: 3_600_000 },
};

/** 1 → `width` → 1. */
export function fanOutPlan(width: number): Plan {
  const checked = parseDefinition(JSON.stringify(fanOut(width)), CHECK);
  if (!checked.ok) throw new Error(`The benchmark's definition is refused: ${JSON.stringify(checked.problems)}`);
  return checked.plan;
}

/** What the tests of the definition language start from. */
import type { Catalog } from "../../../src/workflow/definition/catalog.ts";
import { type DefinitionOptions, type DefinitionResult, parseDefinition } from "../../../src/workflow/definition/definition.ts";
import type { Plan } from "../../../src/workflow/plan/plan.ts";

const names = ["noop", "input", "output", "call_external_service", "llm", "task_a", "task_b", "task_c"];
const catalog: Catalog = new Map(names.map((name) => [name, { name, names: [name], needs: [] }]));

export const usual: DefinitionOptions = {
  form: "workflow",
  limits: { nodes: 1_000, edges: 5_000, nesting: 128 },
  catalog,
  defaults: { retry: { maxAttempts: 3, initialIntervalMs: 1_000 }, timeoutMs: 3_600_000 },
};

export type NodeSketch = { readonly id: string; readonly [field: string]: unknown };

/** A definition of these nodes; `handler` is noop where none is given. */
export function workflow(nodes: readonly NodeSketch[], fields: Record<string, unknown> = {}): string {
  return JSON.stringify({ name: "test", ...fields, dag: { nodes: nodes.map((node) => ({ handler: "noop", ...node })) } });
}

export function check(text: string, options: Partial<DefinitionOptions> = {}): DefinitionResult {
  return parseDefinition(text, { ...usual, ...options });
}

/** The Plan of a definition that must be right. */
export function planOf(text: string, options: Partial<DefinitionOptions> = {}): Plan {
  const result = check(text, options);
  if (!result.ok) throw new Error(`The definition was refused: ${JSON.stringify(result.problems)}`);
  return result.plan;
}

/** `kind`, then a line for each problem, as "path: message". */
export function refusal(text: string, options: Partial<DefinitionOptions> = {}): readonly string[] {
  const result = check(text, options);
  if (result.ok) throw new Error("The definition was accepted, but should have been refused.");
  return [result.kind, ...result.problems.map(({ path, message }) => `${path}: ${message}`)];
}

export function warnings(text: string, options: Partial<DefinitionOptions> = {}): readonly string[] {
  const result = check(text, options);
  if (!result.ok) throw new Error(`The definition was refused: ${JSON.stringify(result.problems)}`);
  return result.warnings.map(({ path, message }) => `${path}: ${message}`);
}

/** A node's dependencies, by id. */
export function dependenciesOf(plan: Plan, id: string): readonly string[] {
  const node = plan.index.get(id) ?? -1;
  return [...plan.dependencies.subarray(plan.dependencyStart[node], plan.dependencyStart[node + 1])].map(
    (dependency) => plan.ids[dependency] ?? "?",
  );
}

/** The workflow form, `{ name, dag: { nodes } }`, made into a draft. */
import type { Catalog } from "./catalog.ts";
import { checkConfig, partOf } from "./config-shape.ts";
import { type Draft, Policies, POLICIES_MAX } from "./draft.ts";
import { excerpt, type Findings } from "./findings.ts";
import type { NodeInput, RetryInput, WorkflowInput } from "./schema.ts";
import { DURATION_MAX_MS, durationMs } from "./duration.ts";
import type { NodeIndex, Plan, RetryPolicy } from "../plan/plan.ts";
import { jsonText } from "../json/json.ts";
import type { Rows } from "../plan/order.ts";
import { receivedKind } from "../json/received.ts";

/** The limits of a definition. `nodes`, `edges`: their numbers. `nesting`: levels of its JSON. */
export type DefinitionLimits = { readonly nodes: number; readonly edges: number; readonly nesting: number };

/** The values that count if a definition names none. */
export type DefinitionDefaults = {
  readonly retry: { readonly maxAttempts: number; readonly initialIntervalMs: number };
  readonly timeoutMs: number;
};

/**
 * The findings of a draft. `shape`: values that cannot be read (422). `structure`: a graph that cannot run (400). `doubts`:
 * what is accepted but probably not meant. Doubts are warnings, or problems of the structure if the definition is strict.
 */
export type DraftCheck = {
  readonly limits: DefinitionLimits;
  readonly defaults: DefinitionDefaults;
  readonly catalog: Catalog;
  readonly shape: Findings;
  readonly structure: Findings;
  readonly warnings: Findings;
  readonly doubts: Findings;
  /** The nodes whose configs a trigger may change if the definition does not say it. */
  readonly overrides: Plan["overrides"];
};

/** The priority of nodes if the definition names none: the middle. */
export const USUAL_PRIORITY = 5;
const USUAL_MAX_INTERVAL_MS = 60_000;
const KNOWN_HANDLERS_SHOWN = 30;

/** Makes a draft. Findings are added to `check`; if problems are among them, the draft means nothing. */
export function draftWorkflow(input: WorkflowInput, check: DraftCheck): Draft {
  const { nodes } = input.dag;
  if (nodes.length === 0) check.structure.add("dag.nodes", "The graph has no nodes.");
  const index = indexOf(nodes, check);
  const priority = input.priority ?? USUAL_PRIORITY;
  const policies = new Policies(usualPolicy(check.defaults));
  const handlers: string[] = new Array(nodes.length);
  const configs: (string | null)[] = new Array(nodes.length);
  const retryOf = new Uint16Array(nodes.length);
  const timeoutMs = new Float64Array(nodes.length).fill(check.defaults.timeoutMs);
  const priorities = new Uint8Array(nodes.length).fill(priority);
  const mayBeGiven = givenBy(input.overrides ?? check.overrides);
  for (let position = 0; position < nodes.length; position++) {
    const node = nodes[position]!;
    handlers[position] = handlerOf(node, position, check);
    configs[position] = configOf(node);
    checkConfigOf(node, position, mayBeGiven(node.id), check);
    if (node.retry) retryOf[position] = policies.positionOf(policyOf(node.retry, `dag.nodes.${position}.retry`, check));
    if (node.timeout !== undefined && node.timeout !== null)
      timeoutMs[position] = timeoutOf(node.timeout, `dag.nodes.${position}.timeout`, check);
    if (node.priority !== undefined && node.priority !== null) priorities[position] = node.priority;
  }
  if (policies.list.length > POLICIES_MAX)
    check.structure.add("dag.nodes", `There are more than ${POLICIES_MAX} different retry policies.`);
  return {
    name: input.name,
    about: jsonText({ version: input.version ?? null, description: input.description ?? null, params: input.params ?? null }),
    tags: input.tags ?? [],
    priority,
    ids: nodes.map((node) => node.id),
    index,
    handlers,
    configs,
    retries: policies.list,
    retryOf,
    timeoutMs,
    priorities,
    dependencies: dependenciesOf(nodes, index, check),
    hidden: null,
    steps: null,
    overrides: overridesOf(input, index, check),
  };
}

function overridesOf({ overrides }: WorkflowInput, index: ReadonlyMap<string, NodeIndex>, check: DraftCheck): Plan["overrides"] {
  if (overrides === undefined || overrides === null) return check.overrides;
  const nodes = new Set<NodeIndex>();
  for (const [position, id] of overrides.entries()) {
    const node = index.get(id);
    if (node === undefined) check.structure.add(`overrides.${position}`, `Unknown node "${excerpt(id)}" in overrides.`);
    else nodes.add(node);
  }
  return [...nodes].sort((a, b) => a - b);
}

/** The policy of nodes that name none. */
export function usualPolicy({ retry }: DefinitionDefaults): RetryPolicy {
  return {
    maxAttempts: retry.maxAttempts,
    initialIntervalMs: retry.initialIntervalMs,
    backoffCoefficient: 2,
    maxIntervalMs: Math.max(USUAL_MAX_INTERVAL_MS, retry.initialIntervalMs),
    jitter: "none",
    nonRetryable: [],
  };
}

/** Adds a problem if the handler is unknown. */
export function checkHandler(handler: string, where: string, path: string, { catalog, structure }: DraftCheck): void {
  if (catalog.has(handler)) return;
  const known = [...catalog.keys()];
  const shown = known.slice(0, KNOWN_HANDLERS_SHOWN).join(", ");
  structure.add(
    path,
    `Unknown handler "${excerpt(handler)}" of ${where}. Known are: ${shown}${known.length > KNOWN_HANDLERS_SHOWN ? ", …" : ""}.`,
  );
}

function indexOf(nodes: readonly NodeInput[], { structure }: DraftCheck): ReadonlyMap<string, NodeIndex> {
  const index = new Map<string, NodeIndex>();
  for (let position = 0; position < nodes.length; position++) {
    const { id } = nodes[position]!;
    index.set(id, position);
    if (index.size === position + 1) continue;
    structure.add(`dag.nodes.${position}.id`, `Duplicate node id "${id}".`);
    // Keeps the size in step with the position, under a name that no id can have.
    index.set(` ${position}`, position);
  }
  return index;
}

function handlerOf(node: NodeInput, position: number, check: DraftCheck): string {
  checkHandler(node.handler, `node "${node.id}"`, `dag.nodes.${position}.handler`, check);
  return node.handler;
}

/** Whether a trigger may bring a part of a node's config. */
function givenBy(overrides: "all" | readonly (string | NodeIndex)[]): (id: string) => boolean {
  if (overrides === "all") return () => true;
  const named: ReadonlySet<string | NodeIndex> = new Set(overrides);
  return (id) => named.has(id);
}

/** Adds problems for a config that its handler can only refuse, as far as no template may change it. */
function checkConfigOf({ handler, config }: NodeInput, position: number, isPart: boolean, { catalog, doubts }: DraftCheck): void {
  const whole = catalog.get(handler)?.config;
  if (whole === undefined || doubts.full) return;
  const shape = isPart ? partOf(whole) : whole;
  checkConfig(config ?? {}, shape, `dag.nodes.${position}.config`, (path, message) => doubts.add(path, message));
}

function configOf({ config }: NodeInput): string | null {
  if (!config) return null;
  const text = jsonText(config);
  return text === "{}" ? null : text;
}

function policyOf(retry: RetryInput, path: string, check: DraftCheck): RetryPolicy {
  const usual = usualPolicy(check.defaults);
  const initialIntervalMs = intervalOf(retry.initial_interval, usual.initialIntervalMs, `${path}.initial_interval`, check);
  return {
    maxAttempts: retry.max_attempts ?? usual.maxAttempts,
    initialIntervalMs,
    backoffCoefficient: retry.backoff_coefficient ?? usual.backoffCoefficient,
    maxIntervalMs: intervalOf(retry.max_interval, Math.max(USUAL_MAX_INTERVAL_MS, initialIntervalMs), `${path}.max_interval`, check),
    jitter: retry.jitter ?? usual.jitter,
    nonRetryable: retry.non_retryable ?? usual.nonRetryable,
  };
}

function intervalOf(value: string | number | null | undefined, usualMs: number, path: string, { shape }: DraftCheck): number {
  if (value === null || value === undefined) return usualMs;
  const ms = durationMs(value);
  if (ms === null) shape.add(path, expectedDuration(value));
  return ms ?? usualMs;
}

function timeoutOf(value: string | number, path: string, { shape, defaults }: DraftCheck): number {
  const ms = durationMs(value);
  if (ms !== null && ms > 0) return ms;
  shape.add(path, ms === 0 ? "Expected a timeout above 0." : expectedDuration(value));
  return defaults.timeoutMs;
}

function expectedDuration(value: string | number): string {
  const days = DURATION_MAX_MS / 86_400_000;
  return `Expected a duration (seconds, or a string such as "30s" or "1h30m") of at most ${days} days, got ${receivedKind(value)}.`;
}

function dependenciesOf(nodes: readonly NodeInput[], index: ReadonlyMap<string, NodeIndex>, check: DraftCheck): Rows {
  const edges = nodes.reduce((sum, node) => sum + (node.dependencies?.length ?? 0), 0);
  const start = new Int32Array(nodes.length + 1);
  if (edges > check.limits.edges) {
    check.structure.add("dag.nodes", `There are ${edges} dependencies; the limit is ${check.limits.edges}.`);
    return { start, targets: new Int32Array(0) };
  }
  const targets = new Int32Array(edges);
  /** For each node, the last node that named it as a dependency: this shows when it is named twice. */
  const namedBy = new Int32Array(nodes.length).fill(-1);
  let next = 0;
  for (let position = 0; position < nodes.length; position++) {
    const node = nodes[position]!;
    for (const name of node.dependencies ?? []) {
      const dependency = index.get(name);
      const path = `dag.nodes.${position}.dependencies`;
      if (dependency === undefined) check.structure.add(path, unknownDependency(name, node.id));
      else if (dependency === position)
        check.structure.add(path, `Node "${node.id}" has itself as a dependency: a cycle (${node.id} -> ${node.id}).`);
      else if (namedBy[dependency] === position) check.warnings.add(path, `The dependency "${name}" is there twice; it counts once.`);
      else {
        namedBy[dependency] = position;
        targets[next++] = dependency;
      }
    }
    start[position + 1] = next;
  }
  return { start, targets: targets.slice(0, next) };
}

function unknownDependency(name: string, id: string): string {
  const shown = excerpt(name);
  if (!name.includes(":")) return `Unknown dependency "${shown}" of node "${id}".`;
  return `The dependency "${shown}" of node "${id}" is not supported yet: branches and catch edges ("node:case", "node:failed") are not built.`;
}

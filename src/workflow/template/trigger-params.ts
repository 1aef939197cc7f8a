/**
 * What a trigger gave to an execution: the params as a whole, and the parts that replace keys of single nodes' configs, if
 * the definition allows it.
 */
import type { NodeIndex, Plan, References } from "../plan/plan.ts";
import { eachMember, isObjectAt, keyText } from "../json/scan.ts";
import { findReferences, type Named, namedBy, namedOf } from "./references.ts";
import { mergeConfig } from "./template.ts";

export type TriggerParams = {
  /** JSON text of an object, or null. */
  readonly params: string | null;
  readonly ofNode: ReadonlyMap<NodeIndex, ParamsOfNode>;
  /** What the definition's own configs name. */
  readonly references: References | null;
};

/**
 * The params of one node. `runtime`: the object under the node's id, as JSON text. `config`: the node's own config with that
 * object's keys in it; `keys` names them.
 */
export type ParamsOfNode = {
  readonly runtime: string;
  readonly config: string;
  readonly keys: readonly string[];
  readonly named: Named;
};

/** Limits: characters that are read, and steps through the graph. */
export type ParamsLimits = { readonly characters: number; readonly steps: number };

/** Why there is no result: so much work is done elsewhere, or not at all. */
export type TooMuch = "too long" | "too many names";

const NOTHING: ReadonlyMap<NodeIndex, ParamsOfNode> = new Map();

/** Reads the params of a trigger. `params` was checked when it came: it is the JSON text of an object. */
export function readTriggerParams(plan: Plan, params: string | null, limits: ParamsLimits): TriggerParams | TooMuch {
  const references = plan.references === "unresolved" ? unresolved(plan, limits) : plan.references;
  if (typeof references === "string") return references;
  if (params === null || plan.overrides.length === 0) return { params, ofNode: NOTHING, references };
  if (params.length > limits.characters) return "too long";
  const runtimes = runtimesIn(plan, params);
  if (runtimes.size === 0) return { params, ofNode: NOTHING, references };
  const nodes = [...runtimes.keys()];
  const characters = nodes.reduce((sum, node) => sum + (plan.configs[node]?.length ?? 0), params.length);
  if (characters > limits.characters) return "too long";
  const named = namedBy(plan, { nodes, texts: [...runtimes.values()] }, limits.steps);
  if (named === "too many") return "too many names";
  const ofNode = new Map<NodeIndex, ParamsOfNode>();
  for (const [position, node] of nodes.entries()) {
    const runtime = runtimes.get(node) ?? "{}";
    const { text, keys } = mergeConfig(plan.configs[node] ?? null, runtime);
    ofNode.set(node, { runtime, config: text, keys, named: both(namedOf(references, node), named[position]!) });
  }
  return { params, ofNode, references };
}

function unresolved(plan: Plan, { characters, steps }: ParamsLimits): References | TooMuch | null {
  if (plan.configs.reduce((sum, config) => sum + (config?.length ?? 0), 0) > characters) return "too long";
  const references = findReferences(plan, steps);
  return references === "too many" ? "too many names" : references;
}

/** The objects under ids of nodes that accept them; of a doubled one the last, as in parsers. */
function runtimesIn({ overrides, index }: Plan, params: string): Map<NodeIndex, string> {
  const allowed = overrides === "all" ? null : new Set(overrides);
  const found = new Map<NodeIndex, string>();
  eachMember(params, (keyStart, keyEnd, valueStart, valueEnd) => {
    if (keyEnd - keyStart > KEY_MAX) return;
    const node = index.get(keyText(params, keyStart, keyEnd));
    if (node === undefined || allowed?.has(node) === false) return;
    if (isObjectAt(params, valueStart)) found.set(node, params.slice(valueStart, valueEnd));
    else found.delete(node);
  });
  return found;
}

/** The longest key: an id of 128 characters, each as `\u0061`, in quotes. */
const KEY_MAX = 128 * 6 + 2;

/** Both sets of names. What the trigger has replaced in a config is still among its names: it is carried and not used. */
function both(own: Named, given: Named): Named {
  return { ancestors: [...new Set([...own.ancestors, ...given.ancestors])], words: own.words | given.words };
}

/** What a trigger gave an execution: the params as a whole, and what of them is meant for single nodes. */
import { isObject, jsonText, parseTrusted } from "../workflow/json.ts";
import type { Plan } from "../workflow/graph.ts";
import type { NodeIndex } from "../workflow/messages.ts";

export type Given = {
  /** JSON text of an object, or null. */
  readonly params: string | null;
  /** JSON text of the object that stands under a node's id. */
  readonly ofNode: ReadonlyMap<NodeIndex, string>;
};

const NOTHING: ReadonlyMap<NodeIndex, string> = new Map();

/** `params` was checked when it came: the JSON text of an object. */
export function givenBy(plan: Plan, params: string | null): Given {
  if (params === null) return { params, ofNode: NOTHING };
  const ofNode = new Map<NodeIndex, string>();
  const parsed = parseTrusted(params);
  if (!isObject(parsed)) return { params, ofNode };
  for (const [key, value] of Object.entries(parsed)) {
    const node = plan.index.get(key);
    if (node !== undefined && isObject(value)) ofNode.set(node, jsonText(value));
  }
  return { params, ofNode };
}

/** The ancestors that the templates of a plan's configs name. They are found once, when the definition comes in, and stored with it. */
import { answersOf } from "../plan/ancestry.ts";
import type { NodeIndex, Plan, References } from "../plan/plan.ts";
import { mayName, namesIn } from "./template.ts";

/** Bits of a node's `words`. */
export const WORD = { params: 1, runtime: 2 } as const;

/** What the templates of one node name. */
export type Named = { readonly ancestors: readonly NodeIndex[]; readonly words: number };

export const NOTHING_NAMED: Named = { ancestors: [], words: 0 };

/** The steps through the graph for all names of a definition together: less than a second. */
export const STEPS_MAX = 200_000_000;
/** The largest number of names: as many as edges. */
const NAMES_MAX = 1_000_000;

/** The reason why a definition is refused, or why an execution cannot go on. */
export const TOO_MANY_NAMES =
  "Its templates hold too many names to follow: shorten the way to what they name by naming it in the dependencies, or name fewer nodes";

/** Texts with templates, each of one node. */
export type TemplateTexts = { readonly nodes: readonly NodeIndex[]; readonly texts: readonly string[] };

/** What each of the texts names. "too many": finding out would take more than `stepsMax` steps. */
export function namedBy(plan: Plan, { nodes, texts }: TemplateTexts, stepsMax: number): readonly Named[] | "too many" {
  const asked: NodeIndex[] = [];
  const candidates: NodeIndex[] = [];
  const ends: number[] = [];
  const words: number[] = [];
  for (const [position, text] of texts.entries()) {
    const names = namesIn(text);
    for (const name of names) {
      const candidate = plan.index.get(name);
      if (candidate === undefined) continue;
      asked.push(nodes[position]!);
      candidates.push(candidate);
    }
    if (asked.length > NAMES_MAX) return "too many";
    ends.push(asked.length);
    words.push((names.has("params") ? WORD.params : 0) | (names.has("runtime") ? WORD.runtime : 0));
  }
  const answers = answersOf(plan, { nodes: asked, ancestors: candidates }, stepsMax);
  if (answers === null) return "too many";
  return ends.map((end, position) => {
    const first = ends[position - 1] ?? 0;
    const ancestors = candidates.slice(first, end).filter((_, at) => answers[first + at] === 1);
    return { ancestors, words: words[position]! };
  });
}

/** What the plan's own configs name; null if none has a template. */
export function findReferences(plan: Plan, stepsMax: number): References | "too many" | null {
  const nodes: NodeIndex[] = [];
  const texts: string[] = [];
  for (const [node, config] of plan.configs.entries()) {
    if (config === null || !mayName(config)) continue;
    nodes.push(node);
    texts.push(config);
  }
  if (nodes.length === 0) return null;
  const named = namedBy(plan, { nodes, texts }, stepsMax);
  if (named === "too many") return named;
  const words = new Uint8Array(plan.ids.length);
  const counts = new Int32Array(plan.ids.length);
  for (const [position, each] of named.entries()) {
    words[nodes[position]!] = each.words;
    counts[nodes[position]!] = each.ancestors.length;
  }
  return { start: startsOf(counts), ancestors: Int32Array.from(named.flatMap((each) => each.ancestors)), words };
}

/** The start of each row, and the end of the last one, from the lengths of rows. */
export function startsOf(counts: ArrayLike<number>): Int32Array {
  const start = new Int32Array(counts.length + 1);
  for (let row = 0; row < counts.length; row++) start[row + 1] = start[row]! + counts[row]!;
  return start;
}

/** What the config of one node names. */
export function namedOf(references: References | null, node: NodeIndex): Named {
  if (references === null) return NOTHING_NAMED;
  const { start, ancestors, words } = references;
  const first = start[node]!;
  const end = start[node + 1]!;
  const its = words[node]!;
  if (first === end && its === 0) return NOTHING_NAMED;
  const named: NodeIndex[] = [];
  for (let position = first; position < end; position++) named.push(ancestors[position]!);
  return { ancestors: named, words: its };
}

/** Which ancestors the templates of a plan's configs name: found once, when the definition comes in, and stored with it. */
import { answersOf } from "../plan/ancestry.ts";
import type { NodeIndex, Plan, References } from "../plan/plan.ts";
import { mayName, namesIn } from "./template.ts";

/** Bits of a node's `words`. */
export const WORD = { params: 1, runtime: 2 } as const;

/** What templates name that belong to one node. */
export type Named = { readonly ancestors: readonly NodeIndex[]; readonly words: number };

export const NOTHING_NAMED: Named = { ancestors: [], words: 0 };

/** Through the graph, for all names of a definition together: less than a second. */
export const STEPS_MAX = 200_000_000;
/** As many as there may be edges. */
const NAMES_MAX = 1_000_000;

/** Why a definition is refused, and an execution not gone on with. */
export const TOO_MANY_NAMES =
  "Its templates hold too many names to follow: shorten the way to what they name by naming it in the dependencies, or name fewer nodes";

/** Texts with templates, each of a node. */
export type TemplateTexts = { readonly nodes: readonly NodeIndex[]; readonly texts: readonly string[] };

/** For each of the texts what it names. "too many": to find out would take more than `stepsMax` steps. */
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

/** What the plan's own configs name; null where none has a template. */
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

/** Of rows of so many elements each, where each begins, and where the last one ends. */
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

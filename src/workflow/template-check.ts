/** What can be said of templates when a definition comes in: which will stay text, and which can never be right. */
import { excerpt, type Findings } from "./definition-findings.ts";
import { isAncestor, type Plan } from "./graph.ts";
import { isObject, parseTrusted } from "./json.ts";
import type { NodeIndex } from "./messages.ts";
import { isScopeWord, type Path, piecesOf, type ScopeWord, textsInBraces, throughNodes } from "./template-parse.ts";

/** Far ancestors cost a walk through the graph; what is beyond this many steps in all is taken to be right. */
const STEPS_MAX = 5_000_000;

/** Adds a finding for every doubtful template of the plan's configs. `pathOf`: where a node's config stands in the document. */
export function checkTemplates(plan: Plan, doubts: Findings, pathOf: (node: NodeIndex) => string): void {
  const budget = { steps: STEPS_MAX };
  for (let node = 0; node < plan.configs.length; node++) {
    const config = plan.configs[node];
    if (config === null || config === undefined || !config.includes("{{")) continue;
    checkValue(parseTrusted(config), pathOf(node), (text, path) => checkText(plan, node, text, path, doubts, budget));
    if (doubts.full) return;
  }
}

function checkValue(value: unknown, path: string, check: (text: string, path: string) => void): void {
  if (typeof value === "string") check(value, path);
  else if (Array.isArray(value) || isObject(value)) {
    for (const [key, item] of Object.entries(value)) checkValue(item, `${path}.${excerpt(key)}`, check);
  }
}

function checkText(plan: Plan, node: NodeIndex, text: string, path: string, doubts: Findings, budget: { steps: number }): void {
  if (!text.includes("{{")) return;
  for (const piece of piecesOf(text)) {
    if (typeof piece !== "string") {
      const doubt = doubtOf(plan, node, piece, budget);
      if (doubt !== null) doubts.add(path, `${excerpt(piece.source)}: ${doubt}`);
    } else if (!text.includes("\\{{")) {
      for (const inBraces of textsInBraces(piece)) doubts.add(path, `${excerpt(inBraces)} is no path to data: it stays as text.`);
    }
  }
}

function doubtOf(plan: Plan, node: NodeIndex, path: Path, budget: { steps: number }): string | null {
  const { first, rest, literal } = path;
  const named = plan.index.get(first);
  if (named !== undefined && isAncestor(plan, named, node, budget)) return null;
  const below = throughNodes(path);
  if (below !== path) return doubtOf(plan, node, below, budget);
  if (!literal && isScopeWord(first)) return doubtOfScope(first, rest);
  if (named !== undefined) return `"${first}" does not come before "${plan.ids[node]}": add it to the dependencies.`;
  if (literal || rest.length > 0) return `there is no node "${excerpt(first)}".`;
  return "is neither a node nor a path to data: it stays as text.";
}

function doubtOfScope(word: ScopeWord, rest: readonly string[]): string | null {
  const [field] = rest;
  switch (word) {
    case "params":
    case "runtime":
      return null;
    case "execution":
      return field === undefined || field === "id" || field === "name" ? null : `an execution has \`id\` and \`name\`.`;
    case "node":
      return field === undefined || field === "id" || field === "handler" || field === "attempt" || field === "idempotency_key"
        ? null
        : "a node has `id`, `handler`, `attempt` and `idempotency_key`.";
    case "secrets":
      return "there are no secrets yet.";
    case "nodes":
      return "`nodes` needs the id of a node, as in `nodes.a.output`.";
  }
}

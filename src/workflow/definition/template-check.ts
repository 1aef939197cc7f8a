/** The check of templates when a definition comes in: which ones will stay text, and which can never be right. */
import { excerpt, type Findings } from "./findings.ts";
import type { NodeIndex, Plan, References } from "../plan/plan.ts";
import { isObject, parseTrusted } from "../json/json.ts";
import { namedOf } from "../template/references.ts";
import { mayName } from "../template/template.ts";
import {
  excessOf,
  isScopeWord,
  type Path,
  piecesOf,
  type ScopeWord,
  TEMPLATE_LIMITS,
  textsInBraces,
  throughNodes,
} from "../template/parse.ts";

/** Adds a warning for every template that is probably not what was meant, and a problem for a text above the limits. */
export function checkTemplates(plan: Plan, references: References | null, problems: Findings, doubts: Findings): void {
  if (references === null) return;
  for (let node = 0; node < plan.configs.length; node++) {
    const config = plan.configs[node];
    if (config === null || config === undefined || !mayName(config)) continue;
    const ancestors = new Set(namedOf(references, node).ancestors);
    const check: NodeCheck = { plan, node, isAncestor: (other) => ancestors.has(other), problems, doubts };
    checkValue(parseTrusted(config), `dag.nodes.${node}.config`, check);
  }
}

type NodeCheck = {
  readonly plan: Plan;
  readonly node: NodeIndex;
  isAncestor(other: NodeIndex): boolean;
  readonly problems: Findings;
  readonly doubts: Findings;
};

function checkValue(value: unknown, path: string, check: NodeCheck): void {
  if (typeof value === "string") checkText(value, path, check);
  else if (Array.isArray(value) || isObject(value)) {
    for (const [key, item] of Object.entries(value)) checkValue(item, `${path}.${excerpt(key)}`, check);
  }
}

function checkText(text: string, path: string, check: NodeCheck): void {
  if (!text.includes("{{")) return;
  const pieces = piecesOf(text);
  const isEscaped = text.includes("\\{{");
  let paths = 0;
  for (const piece of pieces) {
    if (typeof piece !== "string") {
      paths++;
      const excess = excessOf(piece);
      const doubt = doubtOf(check, piece);
      if (excess !== null) check.problems.add(path, `${excerpt(piece.source)}: ${excess}.`);
      else if (doubt !== null) check.doubts.add(path, `${excerpt(piece.source)}: ${doubt}`);
    } else if (!isEscaped && !check.doubts.full) {
      for (const inBraces of textsInBraces(piece)) check.doubts.add(path, `${excerpt(inBraces)} is no path to data: it stays as text.`);
    }
  }
  const { paths: most } = TEMPLATE_LIMITS;
  if (paths > most) check.problems.add(path, `There are ${paths} templates in one text; the limit is ${most}.`);
}

function doubtOf(check: NodeCheck, path: Path): string | null {
  const { first, rest, literal } = path;
  const { plan, node } = check;
  const named = plan.index.get(first);
  if (named !== undefined && check.isAncestor(named)) return null;
  const below = throughNodes(path);
  if (below !== path) return doubtOf(check, below);
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

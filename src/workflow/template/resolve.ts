/** The filling in of a config's templates, in the thread, just before the handler runs. */
import type { Failure } from "../execution/failure.ts";
import { idempotencyKeyOf } from "../execution/idempotency-key.ts";
import { isObject, type JsonObject, jsonText, parseTrusted, setOwn } from "../json/json.ts";
import { mayName } from "./template.ts";
import {
  excessOf,
  isScopeWord,
  type Path,
  type Piece,
  piecesOf,
  type ScopeWord,
  TEMPLATE_LIMITS,
  throughNodes,
  wholePath,
} from "./parse.ts";

export interface ParsedTexts {
  /** The value of a text, deeply frozen. `key`: the origin of the text; another text under the same key is parsed again. */
  get(key: string, text: string): unknown;
}

/** An ancestor in scope. `output`: JSON text, null if there is none. */
type Ancestor = {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  readonly error: string | null;
  readonly output: string | null;
};

/** Everything that templates see. Texts are JSON texts. An attempt is a Scope. */
export type Scope = {
  readonly nodeId: string;
  readonly attempt: number;
  readonly handler: string;
  readonly config: string | null;
  /** Keys of the config that came with the trigger. Templates there do not see `secrets`. */
  readonly fromTrigger: readonly string[];
  readonly scope: readonly Ancestor[];
  readonly params: string | null;
  readonly runtime: string | null;
};
export type ExecutionScope = { readonly executionId: string; readonly executionName: string };

/** The result. `config`: a fresh object that the handler may change. */
export type ResolvedConfig = { readonly ok: true; readonly config: JsonObject } | { readonly ok: false; readonly failure: Failure };

/**
 * Fills in the templates of a config. Missing data is a failure that names the path. Values that come out of a template are
 * not expanded again. `charactersMax`: of everything that templates insert, because a short config may name a large output
 * many times.
 */
export function resolveConfig(scope: Scope, execution: ExecutionScope, parsed: ParsedTexts, charactersMax: number): ResolvedConfig {
  if (scope.config === null) return { ok: true, config: {} };
  const config = parseTrusted(scope.config);
  if (!isObject(config)) throw new TypeError("A config is the text of an object: it was checked when the definition came.");
  if (!mayName(scope.config)) return { ok: true, config };
  const resolver = new Resolver(scope, execution, parsed, charactersMax);
  const fromTrigger = new Set(scope.fromTrigger);
  for (const key of Object.keys(config)) {
    const value = config[key];
    const resolved = resolver.resolve(value, `config.${key}`, fromTrigger.has(key));
    if (resolver.fault !== null) return { ok: false, failure: templateError(resolver.fault) };
    if (resolved !== value) setOwn(config, key, resolved);
  }
  return { ok: true, config };
}

type Lookup =
  | { readonly type: "found"; readonly value: unknown }
  | { readonly type: "missing"; readonly why: string }
  | { readonly type: "text" };
const TEXT: Lookup = { type: "text" };

/** The templates of one config. The first fault is kept in `fault`; nothing that is resolved after it matters. */
class Resolver {
  fault: string | null = null;
  readonly #scope: Scope;
  readonly #execution: ExecutionScope;
  readonly #parsed: ParsedTexts;
  readonly #ancestors: ReadonlyMap<string, Ancestor>;
  #charactersLeft: number;

  constructor(scope: Scope, execution: ExecutionScope, parsed: ParsedTexts, charactersMax: number) {
    this.#scope = scope;
    this.#execution = execution;
    this.#parsed = parsed;
    this.#charactersLeft = charactersMax;
    this.#ancestors = new Map(scope.scope.map((ancestor) => [ancestor.id, ancestor]));
  }

  /** The value with its templates filled in. Objects and arrays are changed in place: they were parsed for this attempt. */
  resolve(value: unknown, place: string, fromTrigger: boolean): unknown {
    if (typeof value === "string") return value.includes("{{") ? this.#resolveText(value, place, fromTrigger) : value;
    if (Array.isArray(value)) {
      for (let position = 0; position < value.length; position++)
        value[position] = this.resolve(value[position], `${place}.${position}`, fromTrigger);
    } else if (isObject(value)) {
      for (const key of Object.keys(value)) setOwn(value, key, this.resolve(value[key], `${place}.${key}`, fromTrigger));
    }
    return value;
  }

  #resolveText(text: string, place: string, fromTrigger: boolean): unknown {
    const pieces = piecesOf(text);
    // The limits of a definition's own texts were checked when it came.
    if (fromTrigger) this.#hold(pieces, place);
    const whole = wholePath(pieces);
    if (whole !== null) {
      const found = this.#look(whole, fromTrigger);
      if (found.type === "found") return this.#copy(found.value, place);
      if (found.type === "text") return text;
      this.#miss(whole, place, found.why);
      return null;
    }
    let result = "";
    for (const piece of pieces) result += typeof piece === "string" ? piece : this.#resolvePiece(piece, place, fromTrigger);
    return result;
  }

  #resolvePiece(path: Path, place: string, fromTrigger: boolean): string {
    const found = this.#look(path, fromTrigger);
    if (found.type === "missing") this.#miss(path, place, found.why);
    if (found.type !== "found") return path.source;
    const text = typeof found.value === "string" ? found.value : jsonText(found.value);
    return this.#fits(text.length, place) ? text : "";
  }

  /** A copy of a value. Parsed values are frozen and shared, and a handler gets its own. */
  #copy(value: unknown, place: string): unknown {
    if (!this.#fits(typeof value === "string" ? value.length : 1, place)) return null;
    if (Array.isArray(value)) return value.map((item) => this.#copy(item, place));
    if (!isObject(value)) return value;
    const fresh: JsonObject = {};
    for (const key of Object.keys(value)) setOwn(fresh, key, this.#copy(value[key], place));
    return fresh;
  }

  #hold(pieces: readonly Piece[], place: string): void {
    const paths = pieces.filter((piece) => typeof piece !== "string");
    const { paths: most } = TEMPLATE_LIMITS;
    if (paths.length > most) this.fault ??= `Too much data: ${place} has ${paths.length} templates; the limit is ${most}.`;
    const excess = paths.map(excessOf).find((each) => each !== null);
    if (excess !== undefined) this.fault ??= `Too much data: of a template in ${place}, ${excess}.`;
  }

  #miss(path: Path, place: string, why: string): void {
    this.fault ??= `Missing data: ${path.source} in ${place}: ${why}.`;
  }

  #fits(characters: number, place: string): boolean {
    this.#charactersLeft -= characters;
    if (this.#charactersLeft >= 0) return true;
    this.fault ??= `Too much data: what templates put into ${place} is larger than the limit.`;
    return false;
  }

  #look(path: Path, fromTrigger: boolean): Lookup {
    const { first, rest, literal } = path;
    const ancestor = this.#ancestors.get(first);
    if (ancestor !== undefined) return this.#lookAt(ancestor, rest);
    const named = throughNodes(path);
    if (named !== path) return this.#look(named, fromTrigger);
    if (!literal && isScopeWord(first)) return this.#lookInScope(first, rest, fromTrigger);
    // A single word is the user's own text in braces, as in a prompt.
    if (!literal && rest.length === 0) return TEXT;
    return { type: "missing", why: `"${first}" is no node that comes before "${this.#scope.nodeId}"` };
  }

  /** Looks for the whole path in the output first, then without a leading `output`, then in the other fields. */
  #lookAt(ancestor: Ancestor, rest: readonly string[]): Lookup {
    const { id, status, error, attempt } = ancestor;
    const output =
      ancestor.output === null ? undefined : this.#parsed.get(`${this.#execution.executionId}/${id}/${attempt}`, ancestor.output);
    if (rest.length === 0) return { type: "found", value: { output: output ?? null, status, error, attempt } };
    const missing: Lookup = { type: "missing", why: `the output of "${id}" has no ${rest.join(".")}` };
    if (output !== undefined) {
      const direct = walk(output, rest, 0);
      if (direct !== undefined) return { type: "found", value: direct };
      const below = rest[0] === "output" ? walk(output, rest, 1) : undefined;
      if (below !== undefined) return { type: "found", value: below };
    }
    const value = walk({ status, error, attempt }, rest, 0);
    return value === undefined ? missing : { type: "found", value };
  }

  #lookInScope(word: ScopeWord, rest: readonly string[], fromTrigger: boolean): Lookup {
    const root = this.#scopeValue(word, fromTrigger);
    if (typeof root === "string") return { type: "missing", why: root };
    const value = walk(root, rest, 0);
    return value === undefined ? { type: "missing", why: `there is no ${[word, ...rest].join(".")}` } : { type: "found", value };
  }

  /** The object that a scope word stands for, or the reason why there is none. */
  #scopeValue(word: ScopeWord, fromTrigger: boolean): unknown {
    const { params, runtime, nodeId, handler, attempt } = this.#scope;
    const { executionId, executionName } = this.#execution;
    switch (word) {
      case "params":
        return params === null ? {} : this.#parsed.get(`${executionId}//params`, params);
      case "runtime":
        return runtime === null ? {} : parseTrusted(runtime);
      case "execution":
        return { id: executionId, name: executionName };
      case "node":
        return { id: nodeId, handler, attempt, idempotency_key: idempotencyKeyOf(executionId, nodeId) };
      case "secrets":
        return fromTrigger ? "what came with a trigger does not see secrets" : "there are no secrets";
      case "nodes":
        return "`nodes` needs the id of a node, as in nodes.a.output";
    }
  }
}

/** The value at a path: own properties of plain objects and indices of arrays only. `undefined` if there is none. */
function walk(value: unknown, path: readonly string[], from: number): unknown {
  let current = value;
  for (let step = from; step < path.length; step++) {
    const part = path[step]!;
    if (Array.isArray(current)) {
      if (!INDEX.test(part)) return undefined;
      current = current[Number(part)];
    } else if (isObject(current) && Object.hasOwn(current, part)) current = current[part];
    else return undefined;
  }
  return current;
}

const INDEX = /^(?:0|[1-9]\d{0,9})$/;

function templateError(message: string): Failure {
  return { kind: "template_error", code: "template_error", message, retryable: false };
}

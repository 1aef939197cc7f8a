/**
 * The stored text of a definition. Everything is decided in it (defaults written out, forms translated), so it means the
 * same after a restart with other settings. It is written in columns: a third of the user's text, and quick to read.
 */
import { type Draft, planOf } from "./draft.ts";
import { UnknownForm } from "../execution/level.ts";
import type { NodeIndex, Plan, References, RetryPolicy, Step } from "../plan/plan.ts";
import { startsOf } from "../template/references.ts";
import { mayName } from "../template/template.ts";

/** A column. If all its values are the same, it is that one value. */
type Column = number | readonly number[];

/** The formats that this build reads, and the level that each needs. */
const LEVEL_OF_FORMAT: Readonly<Record<string, number>> = { 1: 1 };

type Stored = {
  /** First in the text, so that it is known before anything else is read. It changes when an older reader would misread the rest. */
  readonly format: 1;
  readonly name: string;
  readonly about: string;
  readonly tags: readonly string[];
  readonly priority: number;
  readonly ids: readonly string[];
  readonly handlers: readonly string[];
  readonly handlerOf: Column;
  /** The number of dependencies of each node, and then all dependencies in a row. */
  readonly dependencyCounts: Column;
  readonly dependencies: readonly number[];
  /** JSON texts, null for a node without config; absent if no node has one. */
  readonly configs?: readonly (string | null)[];
  readonly retries: readonly RetryPolicy[];
  readonly retryOf: Column;
  readonly timeoutMs: Column;
  readonly priorities: Column;
  readonly hidden?: readonly number[];
  readonly steps?: readonly Step[];
  /**
   * What the configs' templates name: the number of ancestors of each node, these ancestors in a row, and the words, if any.
   * Absent if there are no templates.
   */
  readonly references?: { readonly counts: Column; readonly ancestors: readonly number[]; readonly words?: Column };
  /** The nodes whose config a trigger may change. Builds that did not write this allowed it for every node. */
  readonly overrides?: readonly NodeIndex[] | "all";
};

/** The text that `compileStored` reads. The same definition always gives the same text. */
export function storedText(draft: Draft, references: References | null): string {
  const { name, about, tags, priority, ids, configs, retries, retryOf, timeoutMs, priorities, dependencies, hidden, steps } = draft;
  const handlers = [...new Set(draft.handlers)];
  const positions = new Map(handlers.map((handler, position) => [handler, position]));
  const stored: Stored = {
    format: 1,
    name,
    about,
    tags,
    priority,
    ids,
    handlers,
    handlerOf: column(draft.handlers.map((handler) => positions.get(handler) ?? 0)),
    dependencyCounts: column(countsOf(dependencies.start)),
    dependencies: Array.from(dependencies.targets),
    ...(configs.some((config) => config !== null) ? { configs } : {}),
    retries,
    retryOf: column(Array.from(retryOf)),
    timeoutMs: column(Array.from(timeoutMs)),
    priorities: column(Array.from(priorities)),
    ...(hidden === null ? {} : { hidden: Array.from(hidden) }),
    ...(steps === null ? {} : { steps }),
    ...(references === null ? {} : { references: storedReferences(references) }),
    overrides: draft.overrides,
  };
  return JSON.stringify(stored);
}

/** The level that a stored definition needs. Throws UnknownForm if it is in a format that this build does not know. */
export function levelOfStored(text: string): number {
  const [, format = ""] = FORMAT.exec(text) ?? [];
  const level = LEVEL_OF_FORMAT[format];
  if (level === undefined) throw new UnknownForm(format === "" ? "The definition has no format" : `The definition is in format ${format}`);
  return level;
}

const FORMAT = /^\{"format":(\d+),/;

/** The Plan of a text that `storedText` made. Throws UnknownForm if a newer build made it. The text is trusted: any other text throws. */
export function compileStored(text: string): Plan {
  levelOfStored(text);
  const stored = JSON.parse(text) as Stored;
  const count = stored.ids.length;
  const draft = {
    name: stored.name,
    about: stored.about,
    tags: stored.tags,
    priority: stored.priority,
    ids: stored.ids,
    index: new Map(stored.ids.map((id, node) => [id, node])),
    handlers: Array.from(new Uint16Array(fill(stored.handlerOf, count)), (position) => stored.handlers[position]!),
    configs: stored.configs ?? new Array<null>(count).fill(null),
    retries: stored.retries,
    retryOf: new Uint16Array(fill(stored.retryOf, count)),
    timeoutMs: new Float64Array(fill(stored.timeoutMs, count)),
    priorities: new Uint8Array(fill(stored.priorities, count)),
    dependencies: { start: startsOf(fill(stored.dependencyCounts, count)), targets: new Int32Array(stored.dependencies) },
    hidden: stored.hidden === undefined ? null : new Uint8Array(stored.hidden),
    steps: stored.steps ?? null,
    overrides: stored.overrides ?? "all",
  };
  const planned = planOf(draft, referencesOf(stored, count));
  if (planned.type === "cyclic") throw new Error(`The stored definition "${stored.name}" has a cycle: it was not written by this program.`);
  return planned.plan;
}

function storedReferences({ start, ancestors, words }: References): NonNullable<Stored["references"]> {
  return {
    counts: column(countsOf(start)),
    ancestors: Array.from(ancestors),
    ...(words.some((each) => each !== 0) ? { words: column(Array.from(words)) } : {}),
  };
}

function referencesOf({ references, configs = [] }: Stored, count: number): Plan["references"] {
  if (references === undefined) return configs.some((config) => config !== null && mayName(config)) ? "unresolved" : null;
  const { counts, ancestors, words = 0 } = references;
  return { start: startsOf(fill(counts, count)), ancestors: new Int32Array(ancestors), words: new Uint8Array(fill(words, count)) };
}

function countsOf(start: Int32Array): number[] {
  return Array.from(start.subarray(1), (end, row) => end - start[row]!);
}

function column(values: readonly number[]): Column {
  const [first] = values;
  return first !== undefined && values.every((value) => value === first) ? first : values;
}

function fill(values: Column, count: number): ArrayLike<number> {
  return typeof values === "number" ? new Array<number>(count).fill(values) : values;
}

/** An offered attempt: its text, and its size. The text of a large one is made and read elsewhere. */
import { LONG_JSON, type LongJson } from "../../workflow/json/long-json.ts";
import { UnknownForm } from "../../workflow/execution/level.ts";
import type { OutputLimits, ScopeEntry, Spilled } from "../../pool/pool.ts";

/**
 * The version of these columns. It changes if an older reader would run something else than what is offered, and only for such offers: who
 * does not know the version sends the offer back.
 */
const OFFER_VERSION = 1;

/** The stored text, with the owner's limits for outputs. Nothing is lost: JSON keeps every text as it is. */
export function packOffer(spilled: Spilled, limits: OutputLimits): string {
  return JSON.stringify(columnsOf(spilled, limits));
}

/** The same text for a large offer. */
export function packLargeOffer(spilled: Spilled, limits: OutputLimits, json: LongJson): Promise<string> {
  return json.writeJson(columnsOf(spilled, limits));
}

function columnsOf({ execution, attempt }: Spilled, limits: OutputLimits): Columns {
  const { scope, parents } = attempt;
  const positions = parents.length === 0 ? null : new Map(scope.map((entry, at) => [entry, at]));
  return [
    execution.name,
    attempt.node,
    attempt.nodeId,
    attempt.attempt,
    attempt.handler,
    attempt.config,
    attempt.fromTrigger,
    attempt.params,
    attempt.runtime,
    attempt.timeoutMs,
    attempt.priority,
    scope.map(entryColumns),
    // Parents are mostly the same objects, whose text then stands once.
    parents.map((parent) => positions?.get(parent) ?? entryColumns(parent)),
    attempt.suspect,
    [limits.outputBytes, limits.nesting],
    OFFER_VERSION,
  ];
}

/** The offer that packOffer packed. Throws if the text is none of ours, and UnknownForm if it is a newer build's. */
export function unpackOffer(executionId: string, body: string): Spilled {
  return spilledOf(executionId, JSON.parse(body) as Columns);
}

/** The same for a large text. */
export async function unpackLargeOffer(executionId: string, body: string, json: LongJson): Promise<Spilled> {
  return spilledOf(executionId, (await json.readJson(body)) as Columns);
}

/** Whether an offer is large. `length`: the characters of its text. */
export function isLargeOffer(length: number): boolean {
  return length >= LONG_JSON;
}

function spilledOf(executionId: string, columns: Columns): Spilled {
  const version = columns[15] ?? OFFER_VERSION;
  if (version !== OFFER_VERSION) throw new UnknownForm(`The offer is in version ${version}`);
  const scope = columns[11].map(entryOf);
  return {
    execution: { id: executionId, name: columns[0] },
    attempt: {
      node: columns[1],
      nodeId: columns[2],
      attempt: columns[3],
      handler: columns[4],
      config: columns[5],
      fromTrigger: columns[6],
      params: columns[7],
      runtime: columns[8],
      timeoutMs: columns[9],
      priority: columns[10],
      scope,
      parents: columns[12].map((parent) => (typeof parent === "number" ? (scope[parent] as ScopeEntry) : entryOf(parent))),
      suspect: columns[13] ?? false,
      limits: columns[14] === undefined ? null : { outputBytes: columns[14][0], nesting: columns[14][1] },
    },
  };
}

/** The approximate length of its text, or more if parents are in the scope too. */
export function offerLength({ attempt }: Spilled): number {
  const { config, params, runtime, scope, parents } = attempt;
  let length = 200 + (config?.length ?? 0) + (params?.length ?? 0) + (runtime?.length ?? 0);
  for (const entry of scope) length += entryLength(entry);
  for (const entry of parents) length += entryLength(entry);
  return length;
}

type EntryColumns = readonly [id: string, status: string, attempt: number, error: string | null, output: string | null];

type Columns = readonly [
  executionName: string,
  node: number,
  nodeId: string,
  attempt: number,
  handler: string,
  config: string | null,
  fromTrigger: readonly string[],
  params: string | null,
  runtime: string | null,
  timeoutMs: number,
  priority: number,
  scope: readonly EntryColumns[],
  /** An entry, or its position in the scope. */
  parents: readonly (EntryColumns | number)[],
  /** Not in the offers of older instances. */
  suspect?: boolean,
  /** The owner's limits. Not in the offers of older instances. */
  limits?: readonly [outputBytes: number, nesting: number],
  /** Of the columns. Not in what older instances offer: theirs is 1. */
  version?: number,
];

function entryColumns({ id, status, attempt, error, output }: ScopeEntry): EntryColumns {
  return [id, status, attempt, error, output];
}

function entryOf([id, status, attempt, error, output]: EntryColumns): ScopeEntry {
  return { id, status, attempt, error, output };
}

function entryLength({ id, error, output }: ScopeEntry): number {
  return 40 + id.length + (error?.length ?? 0) + (output?.length ?? 0);
}

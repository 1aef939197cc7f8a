/** The state of one execution, in columns by node index: the fold of its events, changed in place by `evolve`. */
import type { Failure } from "./failure.ts";
import type { NodeIndex, Plan } from "../plan/plan.ts";
import type { Cause, Text } from "./messages.ts";
import type { ExecutionStatus } from "./status.ts";

/** Times are milliseconds since 1970; 0 in a column means "not yet". */
export type ExecutionState = {
  readonly plan: Plan;
  /** The sequence of the last event. */
  sequence: number;
  status: ExecutionStatus;
  closed: boolean;
  /** Whether it is to be deleted once it is closed. */
  discarded: boolean;
  /** The priority that a client gave it; null for the definition's. */
  priority: number | null;
  params: Text | null;
  createdAtMs: number;
  triggeredAtMs: number | null;
  startedAtMs: number | null;
  finishedAtMs: number | null;
  updatedAtMs: number;
  error: string | null;
  cause: Cause | null;

  /** The NodeCode of each node. */
  readonly nodeStatus: Uint8Array;
  /** The attempt that is open or comes next, from 1. After the end of a node it is the last attempt. */
  readonly attempt: Uint32Array;
  /** The highest attempt that is known to have begun. */
  readonly begun: Uint32Array;
  readonly failures: Uint32Array;
  /** Lost threads, child processes or owners since the last outcome. At two the node is a suspect. */
  readonly deaths: Uint8Array;
  /** Dependencies that are not completed yet. */
  readonly waitingFor: Int32Array;
  readonly nodeStartedAtMs: Float64Array;
  readonly nodeFinishedAtMs: Float64Array;
  readonly outputs: (Text | undefined)[];
  /** The last failure of a node that has failed at least once. Its stack is only in the log. */
  readonly failureOf: Map<NodeIndex, Failure>;
  /** The stack of the last failure of all; null if it had none. */
  lastStack: string | null;
  /** The boot id of the instance that runs a RUNNING node. */
  readonly executorOf: Map<NodeIndex, string>;
  /** QUEUED nodes that no thread has, because their owner does not have their handler. */
  readonly noHandler: Set<NodeIndex>;
  /** The due time of a RETRYING node. */
  readonly dueAtMs: Map<NodeIndex, number>;

  /** Counters, so that nothing scans the graph. `open`: QUEUED, RUNNING or RETRYING. */
  completed: number;
  failed: number;
  open: number;
  /** Completed nodes that no view shows. */
  hiddenCompleted: number;
};

/** The number of deaths that makes a node a suspect: it then runs in a child process. */
export const SUSPECT_AT_DEATHS = 2;

/** The state before the first event. */
export function initialState(plan: Plan): ExecutionState {
  const size = plan.ids.length;
  const waitingFor = new Int32Array(size);
  for (let node = 0; node < size; node++) {
    waitingFor[node] = (plan.dependencyStart[node + 1] ?? 0) - (plan.dependencyStart[node] ?? 0);
  }
  return {
    plan,
    sequence: 0,
    status: "PENDING",
    closed: false,
    discarded: false,
    priority: null,
    params: null,
    createdAtMs: 0,
    triggeredAtMs: null,
    startedAtMs: null,
    finishedAtMs: null,
    updatedAtMs: 0,
    error: null,
    cause: null,
    nodeStatus: new Uint8Array(size),
    attempt: new Uint32Array(size).fill(1),
    begun: new Uint32Array(size),
    failures: new Uint32Array(size),
    deaths: new Uint8Array(size),
    waitingFor,
    nodeStartedAtMs: new Float64Array(size),
    nodeFinishedAtMs: new Float64Array(size),
    outputs: [],
    failureOf: new Map(),
    lastStack: null,
    executorOf: new Map(),
    noHandler: new Set(),
    dueAtMs: new Map(),
    completed: 0,
    failed: 0,
    open: 0,
    hiddenCompleted: 0,
  };
}

/**
 * How whatever comes from outside names a node: by its id, since an index has a meaning under one history only. Builds of level 1 and
 * before may read the index alone, so it stands beside the id until level 2 is in use; they may also write it alone.
 */
export type NodeName = { readonly nodeId?: string | undefined; readonly node?: NodeIndex | undefined };

/** Null where the execution has no such node. */
export function nodeNamed({ plan }: ExecutionState, { nodeId, node }: NodeName): NodeIndex | null {
  if (nodeId !== undefined) return plan.index.get(nodeId) ?? null;
  return node !== undefined && node < plan.ids.length ? node : null;
}

/** The value of a column. The index is always one of the plan's, so anything else is a programmer's error. */
export function at(column: Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array, node: NodeIndex): number {
  const value = column[node];
  if (value === undefined) throw new RangeError(`No node has the index ${node}; the plan and the log do not belong together.`);
  return value;
}

/**
 * The Plan: a definition, compiled into columns. So 100,000 nodes cost little, cross to a thread cheaply, and every question
 * of the running engine is one array access.
 */

/** A node's position in its definition. Ids appear only at the borders: log, bus, REST, thread. */
export type NodeIndex = number;

/** A retry policy. Times are in milliseconds. */
export type RetryPolicy = {
  readonly maxAttempts: number;
  readonly initialIntervalMs: number;
  readonly backoffCoefficient: number;
  readonly maxIntervalMs: number;
  readonly jitter: "none" | "full" | "equal";
  /** Failure codes that are not retried. */
  readonly nonRetryable: readonly string[];
};

/** One step of a definition that came as steps (an older system's form), for answers in the same form. */
export type Step = {
  readonly executionType: "sequential" | "parallel";
  readonly tasks: readonly { readonly name: string; readonly node: NodeIndex }[];
};

export type Plan = {
  readonly name: string;
  readonly tags: readonly string[];
  readonly priority: number;
  /** Node ids, in the definition's order. A node's index is its position here. */
  readonly ids: readonly string[];
  readonly index: ReadonlyMap<string, NodeIndex>;
  readonly handlers: readonly string[];
  /** Compact JSON text of each node's config, null for none. */
  readonly configs: readonly (string | null)[];
  /** The few distinct policies. `retryOf` says which one a node has. */
  readonly retries: readonly RetryPolicy[];
  readonly retryOf: Uint16Array;
  readonly timeoutMs: Float64Array;
  readonly priorities: Uint8Array;
  /** Edges in compressed rows: the dependencies of node i are `dependencies[dependencyStart[i]..dependencyStart[i+1])`. */
  readonly dependencyStart: Int32Array;
  readonly dependencies: Int32Array;
  /** The same edges reversed; each row rises. */
  readonly dependentStart: Int32Array;
  readonly dependents: Int32Array;
  /** The longest way from a root: 0 for roots. */
  readonly level: Int32Array;
  /** Nodes that no view shows (joins between two wide steps); null if there are none. */
  readonly hidden: Uint8Array | null;
  /** The number of nodes that views show. */
  readonly visible: number;
  readonly steps: readonly Step[] | null;
  /**
   * What each node's templates name; null if no config has a template. "unresolved": the definition was stored by a build
   * that did not resolve names, so they are resolved when an execution of it is taken up.
   */
  readonly references: References | "unresolved" | null;
  /** The nodes whose configs a trigger's params may replace in part, each once. */
  readonly overrides: readonly NodeIndex[] | "all";
};

/** References in compressed rows, like edges: the ancestors that node i names are `ancestors[start[i]..start[i+1])`. */
export type References = {
  readonly start: Int32Array;
  readonly ancestors: Int32Array;
  /** The scope words that each node names, see `WORD`. */
  readonly words: Uint8Array;
};

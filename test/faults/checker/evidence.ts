/**
 * What the checker judges by: four witnesses that do not know each other. Nothing here, and nothing of this folder,
 * imports anything of src/: a checker that shares code with what it checks shares its mistakes.
 */

/** What the load client wanted, and what it was answered. Times are milliseconds since 1970. */
export type Order = {
  readonly execution: string;
  /** By node id, the nodes that it depends on. */
  readonly nodes: Readonly<Record<string, readonly string[]>>;
  /** Nodes that kill what they run in. With any of them the execution is to end FAILED, as poison. */
  readonly killers: readonly string[];
  /** When a 2xx said that it was triggered; null where nobody was told so. Of the last time, where it was triggered again. */
  readonly triggeredAtMs: number | null;
  /** What a 2xx had said, and its client found gone afterwards and did again. */
  readonly losses: readonly Loss[];
};

/** `sentMs` and `answeredMs`: of the request whose answer is true no more. */
export type Loss = { readonly what: "execution" | "trigger"; readonly sentMs: number; readonly answeredMs: number };

/** What Redis acknowledged in this time may be gone, and nothing else. */
export type LossWindow = { readonly fromMs: number; readonly toMs: number };

/** One line of the witness file; their order is the order in which they were written, whoever wrote them. */
export type Line = {
  readonly kind: "begin" | "end";
  readonly execution: string;
  readonly node: string;
  readonly key: string;
  readonly attempt: number;
  readonly pid: number;
  readonly atMs: number;
  /** Of this one invocation, and part of its output. */
  readonly token: string;
  /** Tokens of the parents' outputs that it was given, by node (on `begin`). */
  readonly parents: Readonly<Record<string, string>>;
};

/** What REST said of one execution. */
export type Reading = {
  readonly status: string;
  readonly finishedAtMs: number | null;
  readonly states: Readonly<Record<string, string>>;
  readonly failedNode: string | null;
  readonly failureKind: string | null;
  readonly results: Readonly<Record<string, unknown>>;
};

/** One record of `troupe.events`, in the order of its partition. `rewound`: history went back to `to`; it holds no events. */
export type StreamRecord = {
  readonly execution: string;
  readonly from: number;
  readonly to: number;
  readonly epoch: number;
  /** The record's own time: when it was sent. -1 where it has none. */
  readonly sentMs: number;
  /** Null where they are omitted: the record stands for events that the stream will never have. */
  readonly events: readonly StreamEvent[] | null;
  readonly rewound: boolean;
};
export type StreamEvent = readonly [word: string, ...rest: unknown[]];

export type Evidence = {
  readonly orders: readonly Order[];
  readonly lines: readonly Line[];
  /** By execution: what was read when it was first seen to have ended, and what was read at the end of all. */
  readonly readings: ReadonlyMap<string, readonly Reading[]>;
  /** Null where no stream was there to be heard. */
  readonly records: readonly StreamRecord[] | null;
  /** True where acknowledged writes may be gone (a Redis that was killed, without syncing each write): then history may go back. */
  readonly mayRewind: boolean;
  /** Where it is known what may be gone. */
  readonly lossWindows: readonly LossWindow[];
};

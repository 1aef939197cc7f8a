/**
 * A store that several instances share: beside executions it has leases that lapse, members, commands for executions that are owned
 * elsewhere, the outbox, and offers of attempts. One contract suite (test/contracts/shared-store.ts) says what each implementation
 * promises.
 *
 * Every time in it is of the store's own clock, so instances need not agree on theirs. All calls reject with StoreUnavailable if the store
 * does not answer by its deadline. What was sent may have been applied, and every call may be sent again: it then answers as before.
 */
import type { ExecutionStatus } from "../workflow/execution/status.ts";
import { type EarlierChunk, type LargeText, type Lease, type Store, type Summary, StoreUnavailable } from "./store.ts";

/** An instance as the others see it. */
export type Member = {
  readonly bootId: string;
  /** The instance's name, for people. */
  readonly name: string;
  readonly threads: number;
  /** Whether it wants no more lanes because it is ending. */
  readonly leaving: boolean;
  /** Bytes of events in its lanes that the bus has not received yet. */
  readonly outboxBytes: number;
  /** Its handlers by every name. Older instances do not tell. */
  readonly handlers?: readonly string[];
  /** The largest sizes that it accepts. Older instances do not tell. */
  readonly limits?: MemberLimits;
};

/** Settings that should be the same everywhere. */
export type MemberLimits = {
  readonly nodes: number;
  readonly edges: number;
  readonly nesting: number;
  readonly bodyBytes: number;
  readonly outputBytes: number;
};

/**
 * A member. `beats`: how often it has shown itself. `remainingMs`: the time until it counts as dead; 0 or less if that has passed. `ttlMs`:
 * the time for which it shows itself each time. `level`: its build's; 1 for builds that do not tell.
 */
export type MemberView = Member & { readonly beats: number; readonly remainingMs: number; readonly ttlMs: number; readonly level: number };

/**
 * The answer to a take. `taken`: the lane is this boot's. `takers` rises if another boot has had the lane since this one took it last,
 * however often this one has taken it meanwhile. `held`: another's, whose lease has not lapsed.
 */
export type Taken =
  | { readonly type: "taken"; readonly lease: Lease; readonly takers: number }
  | { readonly type: "held"; readonly remainingMs: number };

/**
 * What has happened to an execution after its first event. `summary`: as it is after that. The execution is triggered and not closed, and
 * what it was created with is the same here.
 */
export type Extension = { readonly summary: Summary; readonly chunks: readonly EarlierChunk[]; readonly large: readonly LargeText[] };

/** What waits in a lane. Each renewal tells it, so that a lost ring of the doorbell delays and loses nothing. */
export type Pending = {
  readonly commands: number;
  /** The number of executions that were ever triggered by their creation in this lane: one more than was heard of means a lost ring. */
  readonly created: number;
  readonly offers: number;
  readonly outboxEntries: number;
  readonly outboxBytes: number;
};

/**
 * The answer to a renewal. `lapsed`: nobody has taken the lane, but its lease is not revived: take it again. `lost`: another's, or taken
 * again under a later epoch.
 */
export type Renewal = { readonly type: "renewed"; readonly pending: Pending } | { readonly type: "lapsed" } | { readonly type: "lost" };

/**
 * A lane. `bootId`: null if it was released, or never taken. `remainingMs`: if negative, the time since the lease has lapsed. `ttlMs`: the
 * TTL of its last holder; instances need not be set alike.
 */
export type LaneView = {
  readonly lane: number;
  readonly bootId: string | null;
  readonly epoch: number;
  readonly remainingMs: number;
  readonly ttlMs: number;
};

/** A command for an execution that may be owned elsewhere. `body`: JSON text that the owner's supervisor reads. */
export type LaneCommand = { readonly id: string; readonly execution: string; readonly body: string };

/** A command in the store. `position` rises with each command of the lane. */
export type StoredCommand = LaneCommand & { readonly position: number };

/** The answer to a send. `queued`: it waits for the owner (now, or since an earlier send). `answered`: it was, with this receipt. */
export type Sent = { readonly type: "queued" } | { readonly type: "answered"; readonly receipt: string };

/** The part of one commit or create in the outbox: where the events are that the bus shall get. */
export type OutboxEntry = { readonly id: string; readonly pointers: readonly OutboxPointer[] };
export type OutboxPointer = {
  readonly execution: string;
  readonly from: number;
  readonly to: number;
  readonly epoch: number;
  readonly status: ExecutionStatus;
  readonly closed: boolean;
};

/**
 * A listener for entries. `after`: the id of the lane's entry before, whoever wrote it; none if there was none. `texts`: the chunks' texts,
 * one for each pointer.
 */
export type OutboxListener = (lane: number, entry: OutboxEntry, after: string, texts: readonly string[]) => void;

/** An attempt that its owner has no thread for. `body`: everything that running it needs, as the owner packed it. */
export type Offer = { readonly id: string; readonly execution: string; readonly body: string };
export type OfferView = { readonly id: string; readonly execution: string; readonly claimedBy: string | null };

/** A claim. `awayMax`: at least `max`. `can`: handlers, as `runnable` writes them. */
export type Claim = {
  readonly bootId: string;
  readonly number: number;
  readonly max: number;
  readonly awayMax: number;
  readonly can: readonly string[];
};

/** The longest time that a store forgets if it is restarted or fails over. What was stored before, it still has. */
export const FORGOTTEN_MS_MAX = 30_000;

/** The store is there, and this instance must not write to it any more. */
export class Barred extends StoreUnavailable {}

/**
 * The store is there, but its data is not: it was emptied, or is another one. Nothing is ever written to it, because histories must not
 * mix.
 */
export class DataLost extends Barred {}

/** The store may hold forms that this build does not know. */
export class BelowLevel extends Barred {
  /** `inUse`: the level in use; `own`: this build's. */
  constructor(inUse: number, own: number) {
    super(
      `The store is in use by a newer version of Troupe (level ${inUse}; this version knows level ${own}): start this instance with that version.`,
    );
  }
}

export interface SharedStore extends Store {
  /**
   * Calls the listener with the lanes whose store was restarted or failed over: acknowledged writes may be lost. The returned function
   * unsubscribes.
   */
  onRestart(listener: (lanes: readonly number[]) => void): () => void;
  /** Sentences about how the store is set up, for the log at the start (no append-only file, an eviction policy). */
  warnings(): Promise<readonly string[]>;
  /** The reason why nothing new can be stored although the store answers, as a sentence: it is full. Null if it can. */
  full(): Promise<string | null>;

  /**
   * Takes a lane that is free, lapsed or already this boot's, under a new epoch, and drops its unclaimed offers. The epoch follows the
   * store's clock and is above `seenEpoch`, the highest of the lane that this boot has seen: a store that comes back with older data gives
   * none out twice. A lease that lasts too long is cut, as by `leases`. It answers only when the listeners of `onRestart` were told of what
   * came before: nobody goes on under a lease with data that a restart has forgotten. Rejects with BelowLevel.
   */
  takeLease(lane: number, bootId: string, ttlMs: number, seenEpoch?: number): Promise<Taken>;
  /** Renews leases. One answer for each lease, in order. A lapsed lease is never revived. */
  renew(leases: readonly Lease[], ttlMs: number): Promise<readonly Renewal[]>;
  /** Frees the lane at once, if this is still its lease. */
  release(lease: Lease): Promise<void>;
  /**
   * All lanes. A lease that remains for longer than its holder's TTL is cut to that for good: clocks jump at a fail-over. `ttlMs`: that of
   * holders whose build did not say.
   */
  leases(ttlMs: number): Promise<readonly LaneView[]>;

  /**
   * Writes what has happened elsewhere to an execution that was created here too behind its first event, in one act, if it was never
   * triggered here. Otherwise returns false and writes nothing. Needs no lease: the owner is told as of an execution that was created
   * triggered.
   */
  extend(extension: Extension): Promise<boolean>;

  /**
   * Shows this instance for another `ttlMs` and resolves with all members, itself included, and the dead ones too, for as long as somebody
   * may ask for them. A member that remains for longer than its own TTL is cut to that. Rejects with BelowLevel: then it is not shown.
   */
  beat(member: Member, ttlMs: number): Promise<readonly MemberView[]>;
  /** The store's own time, as its answers to beats tell it; null before the first. */
  nowMs(): number | null;
  /** The level in use, as the store's answers to beats tell it; 1 before the first, and if no build has ever raised it. */
  level(): number;
  /** Removes a boot that has ended and left nothing behind. */
  leave(bootId: string): Promise<void>;

  /** Sends a command. Idempotent by id: a command that waits already, or was answered in the last 10 minutes, is not added again. */
  send(command: LaneCommand): Promise<Sent>;
  /** The lane's commands after a position (0: the oldest that is left), in order. They stay until a commit answers them. */
  commandsAfter(lane: number, position: number, limit: number): Promise<readonly StoredCommand[]>;
  /** The receipt of a command; null while it waits, or if it is not known any more. */
  receiptOf(executionId: string, commandId: string): Promise<string | null>;

  /**
   * Calls the listener with each entry that commits and creates through this object have written, before they are answered, in the lane's
   * order. If an answer was lost: when the resend is answered, and not at all for a create. The returned function unsubscribes.
   */
  onOutbox(listener: OutboxListener): () => void;
  /** The oldest entries of the lane's outbox; [] if this store writes none. */
  outbox(lane: number, limit: number): Promise<readonly OutboxEntry[]>;
  /** Deletes entries that the bus has, by id. */
  relayed(lane: number, ids: readonly string[]): Promise<void>;

  /**
   * Offers attempts. `number` rises with each batch under one lease. A batch that is not above the lane's last adds nothing and is answered
   * with `offered`, so that neither a resend nor a late call offers twice. `fenced`: nothing was written.
   */
  offer(lease: Lease, offers: readonly Offer[], number: number): Promise<"offered" | "fenced">;
  /** The lane's offers, or only those of `ids` that exist. */
  offersIn(lane: number, ids?: readonly string[]): Promise<readonly OfferView[]>;
  /**
   * Claims up to `max` unclaimed offers of the lane, of its present epoch, that `can` (of offer-id.ts) covers, and up to `awayMax` of those
   * that their owner cannot run; none for the boot that owns the lane. `number` rises with each claim of this boot. Its last claim again
   * gets what is left of the same answer and claims nothing more; an earlier one, which is late, gets []. Rejects with BelowLevel.
   */
  claim(lane: number, claim: Claim): Promise<readonly Offer[]>;
  /**
   * Takes back what is not claimed. Resolves with the claimed ones, which stay; everything else of `ids` is gone. `fenced`: nothing was
   * done.
   */
  withdraw(lease: Lease, ids: readonly string[]): Promise<readonly OfferView[] | "fenced">;
  /** Removes offers, claimed or not: their outcome is recorded, or nobody wants it any more. */
  discard(lane: number, ids: readonly string[]): Promise<void>;
  /** Those of `ids` that still exist and are claimed by this boot. */
  heldClaims(lane: number, bootId: string, ids: readonly string[]): Promise<readonly string[]>;
}

/**
 * Reads the commands that were stored for a lane's executions and hands each to its supervisor. One stays in the store
 * until the commit that answers it; whatever is not answered (a crash, a full mailbox) is read again.
 */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { LongJson } from "../../workflow/json/long-json.ts";
import type { SharedStore, StoredCommand } from "../../store/shared-store.ts";
import { StoreUnavailable } from "../../store/store.ts";
import type { Answer } from "./receipt.ts";
import { type CommandBody, readBody, UnreadableCommand } from "./stored-command.ts";

export type Inbox = {
  /**
   * The lane may hold more than before. Resolves true when all that it held at this moment was read, and false where the
   * store is away, or the lane is not this instance's.
   */
  look(lane: number): Promise<boolean>;
  /** The lane is not this instance's any more. */
  drop(lane: number): void;
};

/** A command as its execution's supervisor is handed it. */
export type StoredHere = { readonly id: string; readonly command: CommandBody; readonly answer: (answer: Answer) => void };

export type InboxOptions = {
  readonly store: SharedStore;
  readonly json: LongJson;
  readonly clock: Clock;
  readonly log: Log;
  /** False: its mailbox is full, or it is stalled; it is offered again later. */
  readonly tell: (executionId: string, command: StoredHere) => boolean;
  readonly isOwned: (lane: number) => boolean;
  /** Answers a command that nobody can read, so that it does not stand in the store for ever. */
  readonly refuse: (lane: number, commandId: string) => void;
  /** Told of commands whose receipts are stored. */
  readonly answered: (lane: number, commandIds: readonly string[]) => void;
};

/** `again`: somebody asked to look while a look was under way. */
type Lane = { readonly handed: Set<string>; looking: Promise<boolean> | null; again: boolean; cancelLater: (() => void) | null };

const PAGE = 500;
const AGAIN_AFTER_MS = 1_000;

export function createInbox(options: InboxOptions): Inbox {
  const { store, clock, log, isOwned } = options;
  const lanes = new Map<number, Lane>();

  function laneFor(lane: number): Lane {
    const known = lanes.get(lane);
    if (known !== undefined) return known;
    const fresh: Lane = { handed: new Set(), looking: null, again: false, cancelLater: null };
    lanes.set(lane, fresh);
    return fresh;
  }

  async function look(lane: number): Promise<boolean> {
    if (!isOwned(lane)) return false;
    const its = laneFor(lane);
    if (its.looking !== null) {
      its.again = true;
      return its.looking;
    }
    its.looking = lookUntilSeen(lane, its).finally(() => {
      its.looking = null;
    });
    return its.looking;
  }

  async function lookUntilSeen(lane: number, its: Lane): Promise<boolean> {
    do {
      its.again = false;
      try {
        if (!(await readAll(lane, its))) later(lane, its);
      } catch (error) {
        // That the store is away is told once, not for each lane.
        log[error instanceof StoreUnavailable ? "debug" : "warn"]("A lane's commands could not be read; the instance tries again soon.", {
          lane,
          error,
        });
        later(lane, its);
        return false;
      }
    } while (its.again && isCurrent(lane, its));
    return isCurrent(lane, its);
  }

  /** False where something could not be handed out. */
  async function readAll(lane: number, its: Lane): Promise<boolean> {
    let all = true;
    for (let position = 0; ; ) {
      const page = await store.commandsAfter(lane, position, PAGE);
      if (!isCurrent(lane, its)) return true;
      for (const command of page) {
        position = command.position;
        if (its.handed.has(command.id)) continue;
        // Waited for where it is large: a lane's commands come in their order.
        const body = bodyOf(command.body, options.json);
        const isLarge = body instanceof Promise;
        const read = isLarge ? await body : body;
        if (isLarge && !isCurrent(lane, its)) return true;
        if (!hand(lane, its, command, read)) all = false;
      }
      if (page.length < PAGE) return all;
    }
  }

  function hand(lane: number, its: Lane, { id, execution }: StoredCommand, command: CommandBody | null): boolean {
    its.handed.add(id);
    if (command === null) {
      log.error("A stored command cannot be read and is dropped: do all instances run the same version?", { lane, execution, command: id });
      options.refuse(lane, id);
      return true;
    }
    const told = options.tell(execution, {
      id,
      command,
      answer({ type }) {
        its.handed.delete(id);
        if (type === "moved" || type === "unavailable") later(lane, its);
        else options.answered(lane, [id]);
      },
    });
    if (!told) its.handed.delete(id);
    return told;
  }

  function later(lane: number, its: Lane): void {
    if (its.cancelLater !== null || !isCurrent(lane, its)) return;
    its.cancelLater = clock.after(AGAIN_AFTER_MS, () => {
      its.cancelLater = null;
      void look(lane);
    });
  }

  function isCurrent(lane: number, its: Lane): boolean {
    return lanes.get(lane) === its && isOwned(lane);
  }

  return {
    look,
    drop(lane) {
      lanes.get(lane)?.cancelLater?.();
      lanes.delete(lane);
    },
  };
}

/** Null for what another version, or a stranger, has left there. */
function bodyOf(text: string, json: LongJson): CommandBody | null | Promise<CommandBody | null> {
  try {
    const body = readBody(text, json);
    return body instanceof Promise ? body.catch(nullWhereUnreadable) : body;
  } catch (error) {
    return nullWhereUnreadable(error);
  }
}

function nullWhereUnreadable(error: unknown): null {
  if (error instanceof SyntaxError || error instanceof UnreadableCommand) return null;
  throw error;
}

/**
 * The inbox reads the commands that were stored for a lane's executions and gives each to its supervisor. A command stays in the store
 * until the commit that answers it; what is not answered (a crash, a full mailbox) is read again.
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
   * Looks at a lane that may hold more than before. Resolves with true when everything that it held at this moment was read, and with false
   * if the store is away, or the lane is not this instance's.
   */
  look(lane: number): Promise<boolean>;
  /** Forgets a lane that is not this instance's any more. */
  drop(lane: number): void;
};

/** A command as it is given to its execution's supervisor. */
export type StoredHere = { readonly id: string; readonly command: CommandBody; readonly answer: (answer: Answer) => void };

export type InboxOptions = {
  readonly store: SharedStore;
  readonly json: LongJson;
  readonly clock: Clock;
  readonly log: Log;
  /** Tells a supervisor. False: its mailbox is full, or it is stalled; the command is offered again later. */
  readonly tell: (executionId: string, command: StoredHere) => boolean;
  readonly isOwned: (lane: number) => boolean;
  /** Answers a command that nobody can read, so that it does not stay in the store for ever. */
  readonly refuse: (lane: number, commandId: string) => void;
  /** Called with commands whose receipts are stored. */
  readonly answered: (lane: number, commandIds: readonly string[]) => void;
};

const PAGE = 500;
const AGAIN_AFTER_MS = 1_000;

export function createInbox(options: InboxOptions): Inbox {
  const lanes = new Map<number, LaneInbox>();

  function laneFor(lane: number): LaneInbox {
    const known = lanes.get(lane);
    if (known !== undefined) return known;
    const fresh = new LaneInbox(lane, options);
    lanes.set(lane, fresh);
    return fresh;
  }

  return {
    look: (lane) => (options.isOwned(lane) ? laneFor(lane).look() : Promise.resolve(false)),
    drop(lane) {
      lanes.get(lane)?.drop();
      lanes.delete(lane);
    },
  };
}

/** The commands of one lane, from the first look until the lane is another's. */
class LaneInbox {
  readonly #lane: number;
  readonly #options: InboxOptions;
  /** Commands that a supervisor has and has not answered, by id. */
  readonly #handed = new Set<string>();
  #looking: Promise<boolean> | null = null;
  /** Whether somebody asked for a look while one was under way. */
  #again = false;
  #cancelLater: (() => void) | null = null;
  #isDropped = false;

  constructor(lane: number, options: InboxOptions) {
    this.#lane = lane;
    this.#options = options;
  }

  look(): Promise<boolean> {
    if (this.#looking === null) {
      this.#looking = this.#lookUntilSeen().finally(() => {
        this.#looking = null;
      });
    } else this.#again = true;
    return this.#looking;
  }

  drop(): void {
    this.#isDropped = true;
    this.#cancelLater?.();
  }

  get #isCurrent(): boolean {
    return !this.#isDropped && this.#options.isOwned(this.#lane);
  }

  async #lookUntilSeen(): Promise<boolean> {
    do {
      this.#again = false;
      try {
        if (!(await this.#readAll())) this.#later();
      } catch (error) {
        // That the store is away is logged once, not for each lane.
        this.#options.log[error instanceof StoreUnavailable ? "debug" : "warn"](
          "A lane's commands could not be read; the instance tries again soon.",
          {
            lane: this.#lane,
            error,
          },
        );
        this.#later();
        return false;
      }
    } while (this.#again && this.#isCurrent);
    return this.#isCurrent;
  }

  /** Reads everything. Returns false if something could not be given to its supervisor. */
  async #readAll(): Promise<boolean> {
    const { store, json } = this.#options;
    let all = true;
    for (let position = 0; ; ) {
      const page = await store.commandsAfter(this.#lane, position, PAGE);
      if (!this.#isCurrent) return true;
      for (const command of page) {
        position = command.position;
        if (this.#handed.has(command.id)) continue;
        // A large one is waited for: a lane's commands come in their order.
        const body = bodyOf(command.body, json);
        const isLarge = body instanceof Promise;
        const read = isLarge ? await body : body;
        if (isLarge && !this.#isCurrent) return true;
        if (read === null) this.#refuse(command);
        else if (!this.#hand(command, read)) all = false;
      }
      if (page.length < PAGE) return all;
    }
  }

  /** Refuses a command. It counts as given until the store has its answer. */
  #refuse({ id, execution }: StoredCommand): void {
    const { log, refuse } = this.#options;
    this.#handed.add(id);
    const lane = this.#lane;
    log.error("A stored command cannot be read and is dropped: do all instances run the same version?", { lane, execution, command: id });
    refuse(lane, id);
  }

  #hand({ id, execution }: StoredCommand, command: CommandBody): boolean {
    this.#handed.add(id);
    const told = this.#options.tell(execution, { id, command, answer: ({ type }) => this.#answered(id, type) });
    if (!told) this.#handed.delete(id);
    return told;
  }

  #answered(id: string, answer: Answer["type"]): void {
    this.#handed.delete(id);
    if (answer === "moved" || answer === "unavailable") this.#later();
    else this.#options.answered(this.#lane, [id]);
  }

  #later(): void {
    if (this.#cancelLater !== null || !this.#isCurrent) return;
    this.#cancelLater = this.#options.clock.after(AGAIN_AFTER_MS, () => {
      this.#cancelLater = null;
      if (this.#isCurrent) void this.look();
    });
  }
}

/** The body of a command; null for one of another version, or of a stranger. */
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

/**
 * The inbox reads the commands that were stored for a lane's executions and gives each to its supervisor. A command stays in the store
 * until the commit that answers it; what is not answered (a crash, a full mailbox) is read again. A command that this build can do
 * nothing with is put aside: it stays in the store, for an instance that can, and that has the lane later.
 */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { LongJson } from "../../workflow/json/long-json.ts";
import type { SharedStore, StoredCommand } from "../../store/shared-store.ts";
import { StoreUnavailable } from "../../store/store.ts";
import { UnknownForm } from "../../workflow/execution/level.ts";
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
  readonly store: Pick<SharedStore, "commandsAfter" | "summary">;
  readonly json: LongJson;
  readonly clock: Clock;
  readonly log: Log;
  /** Tells a supervisor. `later`: its mailbox is full, or it is stalled; `never`: this build cannot go on with the execution. */
  readonly tell: (executionId: string, command: StoredHere) => "told" | "later" | "never";
  readonly isOwned: (lane: number) => boolean;
  /** Answers a command that nobody can read, so that it does not stay in the store for ever. */
  readonly refuse: (lane: number, commandId: string) => void;
  /** Called with commands whose receipts are stored. */
  readonly answered: (lane: number, commandIds: readonly string[]) => void;
};

const PAGE = 500;
const AGAIN_AFTER_MS = 1_000;
/** What is aside goes with its execution, which is looked for so often. */
const ASIDE_LOOK_MS = 60_000;
/** Of so many in one look. */
const ASIDE_LOOK_MAX = 100;

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
  /** Those that are put aside: their executions by their ids. */
  readonly #aside = new Map<string, string>();
  /** Up to here there is nothing but what is aside: it is not read again. */
  #asideUpTo = 0;
  #looking: Promise<boolean> | null = null;
  /** Whether somebody asked for a look while one was under way. */
  #again = false;
  #cancelLater: (() => void) | null = null;
  #cancelAsideLook: (() => void) | null = null;
  #isDropped = false;
  #hasWarned = false;

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
    this.#cancelAsideLook?.();
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
    let isAllAside = true;
    for (let position = this.#asideUpTo; ; ) {
      const page = await store.commandsAfter(this.#lane, position, PAGE);
      if (!this.#isCurrent) return true;
      for (const command of page) {
        position = command.position;
        isAllAside &&= this.#aside.has(command.id);
        if (isAllAside) this.#asideUpTo = position;
        if (this.#handed.has(command.id) || this.#aside.has(command.id)) continue;
        // A large one is waited for: a lane's commands come in their order.
        const body = bodyOf(command.body, json);
        const isLarge = body instanceof Promise;
        const read = isLarge ? await body : body;
        if (isLarge && !this.#isCurrent) return true;
        if (read === null) this.#refuse(command);
        else if (read instanceof UnknownForm) this.#putAside(command, read);
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
    log.error("A stored command cannot be read and is dropped: none of ours has this form.", { lane, execution, command: id });
    refuse(lane, id);
  }

  /** False where it is to be tried again. */
  #hand(stored: StoredCommand, command: CommandBody): boolean {
    const { id, execution } = stored;
    this.#handed.add(id);
    const told = this.#options.tell(execution, { id, command, answer: ({ type }) => this.#answered(id, type) });
    if (told !== "told") this.#handed.delete(id);
    if (told === "never") this.#putAside(stored);
    return told !== "later";
  }

  /** `error`: why, where nothing else has told it. One line for each time that the lane is taken. */
  #putAside({ id, execution }: StoredCommand, error?: UnknownForm): void {
    const { log } = this.#options;
    const sentence = "A stored command is of a kind that this version does not know: it waits for an instance that knows it.";
    if (error !== undefined && !this.#hasWarned) log.warn(sentence, { lane: this.#lane, execution, command: id, error });
    this.#hasWarned ||= error !== undefined;
    this.#aside.set(id, execution);
    this.#lookAfterAside();
  }

  #lookAfterAside(): void {
    if (this.#cancelAsideLook !== null || this.#aside.size === 0 || !this.#isCurrent) return;
    this.#cancelAsideLook = this.#options.clock.after(ASIDE_LOOK_MS, () => {
      this.#cancelAsideLook = null;
      void this.#refuseWithoutExecution().finally(() => this.#lookAfterAside());
    });
  }

  /** The oldest; those whose executions are there come last then. */
  async #refuseWithoutExecution(): Promise<void> {
    const { store, refuse, log } = this.#options;
    try {
      for (const [id, execution] of [...this.#aside].slice(0, ASIDE_LOOK_MAX)) {
        const summary = await store.summary(execution);
        if (!this.#isCurrent) return;
        this.#aside.delete(id);
        if (summary === null) refuse(this.#lane, id);
        else this.#aside.set(id, execution);
      }
    } catch (error) {
      log.debug("It could not be told whether executions of stored commands are still there; asked again later.", {
        lane: this.#lane,
        error,
      });
    }
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

/** The body of a command: null for a stranger's, and why for a newer build's. */
type Body = CommandBody | UnknownForm | null;

function bodyOf(text: string, json: LongJson): Body | Promise<Body> {
  try {
    const body = readBody(text, json);
    return body instanceof Promise ? body.catch(unreadable) : body;
  } catch (error) {
    return unreadable(error);
  }
}

function unreadable(error: unknown): UnknownForm | null {
  if (error instanceof UnknownForm) return error;
  if (error instanceof SyntaxError || error instanceof UnreadableCommand) return null;
  throw error;
}

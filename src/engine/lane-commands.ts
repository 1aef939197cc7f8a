/** The commands that wait in lanes: they are read once before anything of a taken lane goes on, and whenever there may be more. */
import type { Inbox } from "../cluster/commands/inbox.ts";
import { Backoff } from "../env/backoff.ts";
import type { Clock } from "../env/clock.ts";

export type LaneCommandsOptions = {
  /** The inbox; null if an instance has the store alone. */
  readonly inbox: Inbox | null;
  readonly clock: Clock;
  readonly isOwned: (lane: number) => boolean;
  /** Called when a lane is looked at for the first time since it was taken. */
  readonly firstLook: (lane: number) => void;
};

export class LaneCommands {
  readonly #options: LaneCommandsOptions;
  /** The first look at the commands that a lane's last owner left. */
  readonly #firstLooks = new Map<number, Promise<void>>();

  constructor(options: LaneCommandsOptions) {
    this.#options = options;
  }

  /** Resolves when every command that waits in the lane now is with its supervisor, or the lane is another's. */
  async read(lane: number): Promise<void> {
    const { inbox, clock, isOwned } = this.#options;
    if (inbox === null) return;
    const backoff = new Backoff(clock);
    while (!(await inbox.look(lane)) && isOwned(lane)) await backoff.wait();
  }

  /** Reads them once. Outcomes that wait for the owner count before it counts anything as lost. */
  readOnce(lane: number): Promise<void> {
    const known = this.#firstLooks.get(lane);
    if (known !== undefined) return known;
    this.#options.firstLook(lane);
    const look = this.read(lane);
    this.#firstLooks.set(lane, look);
    return look;
  }

  /** Looks at a lane that may have more than before. */
  look(lane: number): void {
    void (this.#firstLooks.has(lane) ? this.#options.inbox?.look(lane) : this.readOnce(lane));
  }

  /** Forgets a lane that is not this instance's any more. */
  drop(lane: number): void {
    this.#options.inbox?.drop(lane);
    this.#firstLooks.delete(lane);
  }
}

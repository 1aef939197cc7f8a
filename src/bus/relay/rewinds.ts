/** The stream's progress, what a store that came back with older data has forgotten of it, and the record that history went back. */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { SharedStore } from "../../store/shared-store.ts";
import type { EventRecord, EventSink, StreamRecord } from "../event-stream.ts";
import { SentSequences } from "./sent-sequences.ts";

export type RewindsOptions = {
  readonly store: Pick<SharedStore, "summary">;
  readonly lane: number;
  readonly sink: EventSink;
  readonly clock: Clock;
  readonly log: Log;
};

/** The number of executions that the store is asked for at a time. */
const READS = 64;
const AGAIN_MS = 1_000;
const TRIES = 60;

export class Rewinds {
  readonly #options: RewindsOptions;
  readonly #sent = new SentSequences();
  /** The epoch of what was sent last. */
  #epoch = 0;
  #due: StreamRecord[] = [];
  #telling: Promise<void> | null = null;
  /** What the store has forgotten is not known yet. */
  #compares = false;

  constructor(options: RewindsOptions) {
    this.#options = options;
  }

  /**
   * Says that the stream may have these records from now on, even if no answer comes. They are sent, or given up, before the
   * next ones.
   */
  sending(records: readonly EventRecord[]): void {
    for (const { execution, to, epoch } of records) {
      this.#sent.reached(execution, to);
      this.#epoch = Math.max(this.#epoch, epoch);
    }
  }

  /**
   * It is not known whether the stream has these records, so nothing is told of them. If the stream does not have them, a
   * reader that was told of a higher epoch would ignore what the next owner sends of the same events.
   */
  gaveUp(records: readonly EventRecord[]): void {
    const unknown = new Set(records.map(({ execution }) => execution));
    for (const execution of unknown) this.#sent.forget(execution);
    this.#due = this.#due.filter(({ execution }) => !unknown.has(execution));
  }

  /** The records that the stream must get before anything else; as of now, since more may be found while they are sent. */
  get due(): readonly StreamRecord[] {
    return [...this.#due];
  }

  /** Whether something must be told, or is not known yet. */
  get owes(): boolean {
    return this.#telling !== null || this.#compares || this.#due.length > 0;
  }

  told(count: number): void {
    this.#due = this.#due.slice(count);
  }

  /**
   * Compares the store with the stream, which is told under `epoch`. `alone`: another instance owns the lane by now.
   * Executions that the store has forgotten completely are then left out: a client creates such an execution again, perhaps
   * before the lane is taken and so under a lower epoch than this record would have, and a reader would skip that beginning.
   * Rejects with StoreUnavailable.
   */
  async compare(epoch: number, { alone = false } = {}): Promise<void> {
    const sent = this.#sent.recent().values();
    const compareNext = async (): Promise<void> => {
      for (const [execution, reached] of sent) {
        const sequence = (await this.#options.store.summary(execution))?.sequence ?? 0;
        if (sequence >= reached || (alone && sequence === 0)) continue;
        this.#sent.rewound(execution, sequence);
        this.#due.push({ execution, rewoundTo: sequence, epoch });
      }
    };
    await Promise.all(Array.from({ length: READS }, compareNext));
  }

  /**
   * Tells the stream what only this instance may know: what it has sent, even if another instance owns the lane by now. This
   * is never too late, because what others write after it stands under a higher epoch. `compares`: what the store has
   * forgotten is not known yet.
   */
  tellAlone(compares: boolean): Promise<void> {
    this.#compares ||= compares;
    if (this.owes) this.#telling ??= this.#tellAll();
    return this.#telling ?? Promise.resolve();
  }

  async #tellAll(): Promise<void> {
    const { clock, log, lane } = this.#options;
    for (let tries = TRIES; tries > 0 && (this.#compares || this.#due.length > 0); tries--) {
      try {
        await this.#tellOnce();
      } catch (error) {
        log.debug("That history went back could not be told; tried again.", { lane, error });
        await new Promise<void>((resolve) => void clock.after(AGAIN_MS, resolve));
      }
    }
    this.#telling = null;
  }

  async #tellOnce(): Promise<void> {
    if (this.#compares) {
      this.#compares = false;
      try {
        await this.compare(this.#epoch + 1, { alone: true });
      } catch (error) {
        this.#compares = true;
        throw error;
      }
    }
    const { due } = this;
    if (due.length > 0) await this.#options.sink.publish(due);
    this.told(due.length);
  }
}

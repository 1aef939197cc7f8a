/** How far the stream is, what a store that came back with an older past has forgotten of it, and the word that history went back. */
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

/** Executions that the store is asked of at a time. */
const READS = 64;
const AGAIN_MS = 1_000;
const TRIES = 60;

export class Rewinds {
  readonly #options: RewindsOptions;
  readonly #sent = new SentSequences();
  /** Of what was sent last. */
  #epoch = 0;
  #due: StreamRecord[] = [];
  #telling: Promise<void> | null = null;
  /** What the store has forgotten is not known yet. */
  #compares = false;

  constructor(options: RewindsOptions) {
    this.#options = options;
  }

  /** From here on the stream may have them, also where no answer comes. Before the next ones they are sent, or given up. */
  sending(records: readonly EventRecord[]): void {
    for (const { execution, to, epoch } of records) {
      this.#sent.reached(execution, to);
      this.#epoch = Math.max(this.#epoch, epoch);
    }
  }

  /**
   * It is not known whether the stream has them: where it has not, what the next owner sends of before would say nothing new to a
   * reader who was told of a higher epoch first. So nothing is told of them.
   */
  gaveUp(records: readonly EventRecord[]): void {
    const unknown = new Set(records.map(({ execution }) => execution));
    for (const execution of unknown) this.#sent.forget(execution);
    this.#due = this.#due.filter(({ execution }) => !unknown.has(execution));
  }

  /** What the stream is to be told, before anything that follows; as of now, since more may be found while it is told. */
  get due(): readonly StreamRecord[] {
    return [...this.#due];
  }

  /** Something is to be told, or not known yet. */
  get owes(): boolean {
    return this.#telling !== null || this.#compares || this.#due.length > 0;
  }

  told(count: number): void {
    this.#due = this.#due.slice(count);
  }

  /**
   * Compares the store with the stream, which is told under `epoch`. `alone`: the lane is another's by now. What the store has
   * forgotten wholly is left out then: its client creates it again, perhaps before the lane is taken and so under a lower epoch than
   * this word would have; a reader would skip that beginning. Rejects with StoreUnavailable.
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
   * Nobody but this instance may know what it has sent: it tells of that also where the lane is another's by now. Never too late,
   * since what others write after it stands under a higher epoch. `compares`: what the store has forgotten is not known yet.
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

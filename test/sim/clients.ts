/** The clients of a play: they create and trigger, come again until they are answered, and note what was promised to them. */
import type { CheckedDefinition, ClientCommand, CommandAnswer, Engine } from "../../src/engine/engine.ts";
import type { MemoryRows } from "../../src/store/memory/rows.ts";
import type { Store } from "../../src/store/store.ts";
import { backwards, paramsOf, randomDefinition } from "./random-definition.ts";
import type { Witness } from "./witness.ts";
import type { World } from "./world.ts";

/** A client that hears nothing for so long comes again: the instance that it spoke to may be gone. */
const PATIENCE_MS = 15_000;
/** A client that comes again does so for some seconds. */
const TIMES_AGAIN = 20;
const SILENCE = { type: "silence" } as const;

export type ClientsOptions = {
  readonly world: World;
  readonly truth: Store;
  /** The one that is in charge when it is asked, or any of those that are. */
  readonly engine: () => Engine;
  readonly witness: Stopped;
  readonly wishes: {
    readonly longRetries: boolean;
    /** The probability that an execution is cancelled, by two clients, some time after it was created. */
    readonly cancels: number;
    /** And that it is paused, for a while. */
    readonly pauses: number;
    readonly sizeLimit?: number;
    /** The store falls into older pasts. */
    readonly mayForget?: boolean;
    readonly handlersDiffer?: boolean;
    /** They come again with the same key, and the same nodes in another order. */
    readonly reordered?: boolean;
  };
};

type Stopped = Pick<Witness, "cancelled" | "paused">;

/** Most executions take no longer than the half of it. */
const CANCELLED_WITHIN_MS = 3_000;
const PAUSED_WITHIN_MS = 1_500;
const PAUSED_FOR_MS = 3_000;

export class Clients {
  readonly broken: string[] = [];
  /** Executions of which a client was told that they are triggered. */
  readonly accepted = new Set<string>();
  /** How often a client was told so of its own trigger. */
  readonly #triggered = new Map<string, number>();
  readonly #world: World;
  readonly #truth: Store;
  readonly #engine: () => Engine;
  readonly #longRetries: boolean;
  #waiting = 0;
  #came = 0;

  /** When a client was told that its trigger waits for the owner. */
  readonly queuedAtMs: number[] = [];
  readonly #sizeLimit: number | undefined;
  readonly #mayForget: boolean;
  readonly #handlersDiffer: boolean;
  readonly #cancels: number;
  readonly #pauses: number;
  readonly #reordered: boolean;
  readonly #witness: Stopped;

  constructor({ world, truth, engine, witness, wishes }: ClientsOptions) {
    this.#world = world;
    this.#truth = truth;
    this.#engine = engine;
    this.#witness = witness;
    this.#cancels = wishes.cancels;
    this.#pauses = wishes.pauses;
    this.#longRetries = wishes.longRetries;
    this.#sizeLimit = wishes.sizeLimit;
    this.#mayForget = wishes.mayForget ?? false;
    this.#handlersDiffer = wishes.handlersDiffer ?? false;
    this.#reordered = wishes.reordered ?? false;
  }

  /** All have their answer. */
  get content(): boolean {
    return this.#waiting === 0;
  }

  /** One more execution: created and triggered in one act, or triggered afterwards by several clients at once. */
  come(): void {
    const { random } = this.#world;
    const made = randomDefinition(this.#world, this.#longRetries, this.#sizeLimit);
    const definition = JSON.stringify(made);
    const key = random.chance(0.5) ? `key-${this.#came}` : null;
    const params = random.chance(0.5) ? paramsOf(this.#came) : null;
    const atOnce = random.chance(0.5);
    this.#came += 1;
    if (this.#reordered && key !== null) this.#go(() => this.#comeAgain(JSON.stringify(backwards(made)), key));
    this.#go(async () => {
      const id = await this.#create(definition, atOnce ? { params } : null, key);
      if (id === null) return;
      // Drawn only where it is asked for, so that the other plays stay as they are.
      if (this.#cancels > 0 && random.chance(this.#cancels)) {
        const withinMs = random.below(CANCELLED_WITHIN_MS);
        for (let client = 0; client < 2; client++) this.#go(() => this.#cancel(id, random.below(withinMs + 1)));
      }
      if (this.#pauses > 0 && random.chance(this.#pauses)) this.#go(() => this.#holdUp(id, random.below(PAUSED_WITHIN_MS)));
      if (atOnce) return this.#accept(id);
      for (let client = 0; client < 3; client++) this.#go(() => this.#trigger(id, client === 1 ? null : paramsOf(client)));
    });
  }

  /** With another order of the nodes: finds the first one, unless the store has forgotten that. */
  async #comeAgain(text: string, key: string): Promise<void> {
    const definition = await this.#checked(text);
    const idempotency = { route: "test", key, body: text };
    for (let time = 0; time < TIMES_AGAIN; time++) {
      await this.#pause();
      const result = await this.#answered((engine) => engine.create({ definition, trigger: { params: null }, idempotency }));
      if (result.type === "created" || result.type === "exists") return;
    }
  }

  #go(act: () => Promise<void>): void {
    this.#waiting += 1;
    void act()
      .catch((error: unknown) => this.broken.push(`a client was given an error: ${String(error)}`))
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  /** Null if somebody else's request under the same key was there first. */
  async #create(text: string, trigger: { readonly params: string | null } | null, key: string | null): Promise<string | null> {
    const definition = await this.#checked(text);
    const idempotency = key === null ? null : { route: "test", key, body: text };
    for (;;) {
      const result = await this.#answered((engine) => engine.create({ definition, trigger, idempotency }));
      if (result.type === "created" || result.type === "exists") {
        if (!this.#mayForget && (await this.#truth.summary(result.id)) === null)
          this.broken.push(`${result.id} was answered, and is not durable`);
        return result.id;
      }
      // Its first request was forgotten, and the one in another order came before it.
      if (result.type === "differs" && this.#reordered) return null;
      if (result.type === "differs" || result.type === "refused") throw new Error(`Not created: ${JSON.stringify(result)}`);
      await this.#pause();
    }
  }

  async #checked(text: string): Promise<CheckedDefinition> {
    for (;;) {
      const checked = await this.#engine().check(text, "workflow");
      if (checked.ok) return checked.definition;
      const isUnknown = checked.problems.every(({ message }) => message.startsWith("Unknown handler"));
      if (!this.#handlersDiffer || !isUnknown) throw new Error(`The test's definition is refused: ${JSON.stringify(checked.problems)}`);
      await this.#pause();
    }
  }

  /** Goes on until the engine that is in charge by then has taken the trigger, or says that it was taken. */
  async #trigger(id: string, params: string | null): Promise<void> {
    for (;;) {
      const result = await this.#answered((engine) =>
        engine.command(id, { type: "Trigger", params }).then((answer) => this.#heard(id, answer)),
      );
      // It was cancelled before: whether it had been triggered by then is not said.
      if (result.type === "rejected" && result.status === "CANCELLED") return;
      if (result.type === "accepted" || result.type === "rejected") return this.#accept(id);
      if (result.type === "unknown") {
        if (this.#mayForget) return;
        this.broken.push(`${id} was created, and is not found`);
      }
      await this.#pause();
    }
  }

  /** Goes on until it is told that it is cancelled, or has ended otherwise: which stays so. */
  async #cancel(id: string, afterMs: number): Promise<void> {
    await this.#passed(afterMs);
    for (;;) {
      const result = await this.#answered((engine) => engine.command(id, { type: "Cancel", reason: "Enough." }));
      if (result.type === "accepted") {
        if (result.status !== "CANCELLED") this.broken.push(`${id} is said to be cancelled, and is ${result.status}`);
        this.#witness.cancelled.add(id);
      }
      if (result.type === "accepted" || result.type === "rejected") return this.#endedAs(id, result.status);
      if (result.type === "unknown") {
        if (this.#mayForget) return;
        this.broken.push(`${id} was created, and is not found`);
      }
      await this.#pause();
    }
  }

  /** Pauses it, and resumes it after a while; where it runs then. */
  async #holdUp(id: string, afterMs: number): Promise<void> {
    await this.#passed(afterMs);
    if (!(await this.#told(id, { type: "Pause" }, "PAUSED"))) return;
    this.#witness.paused.add(id);
    await this.#passed(this.#world.random.below(PAUSED_FOR_MS));
    this.#witness.paused.delete(id);
    await this.#told(id, { type: "Resume" });
  }

  /** A pause may come late, by a call that its client does not wait for any more: somebody sees that, and resumes it. */
  resumeStrays({ executions }: Pick<MemoryRows, "executions">): void {
    if (!this.content) return;
    for (const [id, { summary }] of executions)
      if (summary.status === "PAUSED") this.#go(async () => void (await this.#told(id, { type: "Resume" })));
  }

  /** Goes on until it is answered: false where it is refused, or nobody knows of it. */
  async #told(id: string, command: ClientCommand, status?: string): Promise<boolean> {
    for (;;) {
      const result = await this.#answered((engine) => engine.command(id, command));
      if (result.type === "rejected") return false;
      if (result.type === "unknown") {
        if (!this.#mayForget) this.broken.push(`${id} was created, and is not found`);
        return false;
      }
      if (result.type === "accepted") {
        if (status !== undefined && result.status !== status) this.broken.push(`${id} is said to be ${status}, and is ${result.status}`);
        return true;
      }
      await this.#pause();
    }
  }

  async #endedAs(id: string, status: string | undefined): Promise<void> {
    const summary = await this.#truth.summary(id);
    if (summary?.status !== status && !this.#mayForget) this.broken.push(`${id} is said to be ${status}, and is ${summary?.status}`);
  }

  /** Also when the client has lost its patience meanwhile. */
  #heard(id: string, answer: CommandAnswer): CommandAnswer {
    if (answer.type === "queued") this.queuedAtMs.push(this.#world.nowMs());
    if (answer.type !== "accepted") return answer;
    const times = 1 + (this.#triggered.get(id) ?? 0);
    this.#triggered.set(id, times);
    if (times > 1 && !this.#mayForget) this.broken.push(`${times} triggers of ${id} were told that they have triggered it`);
    return answer;
  }

  async #accept(id: string): Promise<void> {
    this.accepted.add(id);
    const summary = await this.#truth.summary(id);
    if (this.#mayForget) return;
    if (summary === null || summary.triggeredAtMs === null) this.broken.push(`${id} is said to be triggered, which is not durable`);
  }

  #answered<T>(ask: (engine: Engine) => Promise<T>): Promise<T | typeof SILENCE> {
    const silence = new Promise<typeof SILENCE>((resolve) => void this.#world.after(PATIENCE_MS, () => resolve(SILENCE)));
    return Promise.race([ask(this.#engine()), silence]);
  }

  #pause(): Promise<void> {
    return this.#passed(100 + this.#world.random.below(100));
  }

  #passed(afterMs: number): Promise<void> {
    return new Promise((resolve) => void this.#world.after(afterMs, resolve));
  }
}

/** The clients of a play: they create and trigger, come again until they are answered, and note what was promised to them. */
import type { CheckedDefinition, CommandAnswer, Engine } from "../../src/engine/engine.ts";
import type { Store } from "../../src/store/store.ts";
import { paramsOf, randomDefinition } from "./random-definition.ts";
import type { World } from "./world.ts";

/** A client that hears nothing for so long comes again: the instance that it spoke to may be gone. */
const PATIENCE_MS = 15_000;
const SILENCE = { type: "silence" } as const;

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

  /** `engine`: the one that is in charge when it is asked, or any of those that are. `mayForget`: the store falls into older pasts. */
  constructor(
    world: World,
    truth: Store,
    engine: () => Engine,
    wishes: { readonly longRetries: boolean; readonly sizeLimit?: number; readonly mayForget?: boolean; readonly handlersDiffer?: boolean },
  ) {
    this.#world = world;
    this.#truth = truth;
    this.#engine = engine;
    this.#longRetries = wishes.longRetries;
    this.#sizeLimit = wishes.sizeLimit;
    this.#mayForget = wishes.mayForget ?? false;
    this.#handlersDiffer = wishes.handlersDiffer ?? false;
  }

  /** All have their answer. */
  get content(): boolean {
    return this.#waiting === 0;
  }

  /** One more execution: created and triggered in one act, or triggered afterwards by several clients at once. */
  come(): void {
    const { random } = this.#world;
    const definition = JSON.stringify(randomDefinition(this.#world, this.#longRetries, this.#sizeLimit));
    const key = random.chance(0.5) ? `key-${this.#came}` : null;
    const params = random.chance(0.5) ? paramsOf(this.#came) : null;
    const atOnce = random.chance(0.5);
    this.#came += 1;
    this.#go(async () => {
      const id = await this.#create(definition, atOnce ? { params } : null, key);
      if (atOnce) return this.#accept(id);
      for (let client = 0; client < 3; client++) this.#go(() => this.#trigger(id, client === 1 ? null : paramsOf(client)));
    });
  }

  #go(act: () => Promise<void>): void {
    this.#waiting += 1;
    void act()
      .catch((error: unknown) => this.broken.push(`a client was given an error: ${String(error)}`))
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  async #create(text: string, trigger: { readonly params: string | null } | null, key: string | null): Promise<string> {
    const definition = await this.#checked(text);
    const idempotency = key === null ? null : { route: "test", key, body: text };
    for (;;) {
      const result = await this.#answered((engine) => engine.create({ definition, trigger, idempotency }));
      if (result.type === "created" || result.type === "exists") {
        if (!this.#mayForget && (await this.#truth.summary(result.id)) === null)
          this.broken.push(`${result.id} was answered, and is not durable`);
        return result.id;
      }
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
      if (result.type === "accepted" || result.type === "rejected") return this.#accept(id);
      if (result.type === "unknown") {
        if (this.#mayForget) return;
        this.broken.push(`${id} was created, and is not found`);
      }
      await this.#pause();
    }
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
    return new Promise((resolve) => void this.#world.after(100 + this.#world.random.below(100), resolve));
  }
}

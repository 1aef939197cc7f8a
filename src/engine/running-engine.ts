/** The engine at work: each request goes to the part that handles it, until the end. */
import { whileUseful } from "../env/deadline.ts";
import { largeKey, type ListQuery, StoreUnavailable, type Summary } from "../store/store.ts";
import { levelOfStored } from "../workflow/definition/definition.ts";
import { CLIENT_COMMANDS, type ClientCommand } from "../workflow/execution/client-commands.ts";
import { FIRST_LEVEL } from "../workflow/execution/level.ts";
import type { ExecutionView } from "../workflow/view/view.ts";
import {
  type CommandAnswer,
  type CreateRequest,
  type CreateResult,
  type EngineHealth,
  type RemoveAnswer,
  type Unavailable,
  unavailable,
} from "./answers.ts";
import type { Engine } from "./engine.ts";
import { healthOf, type Life } from "./health.ts";
import type { NewWork } from "./load-shedding.ts";
import { type EngineParts, hasEnded, type Needs } from "./parts.ts";
import { removeExecution } from "./removal.ts";
import { createSharedViews } from "./shared-views.ts";

/** The time that an end waits until the store has the last outcomes of remote attempts. */
const OUTCOMES_MS = 8_000;

const NEEDS: Needs = { definition: levelOfStored, command: ({ type }) => CLIENT_COMMANDS[type] };

export class RunningEngine implements Engine {
  readonly check: Engine["check"];
  readonly decode: Engine["decode"];
  readonly readParams: Engine["readParams"];
  readonly readSubmitted: Engine["readSubmitted"];
  readonly yamlToJson: Engine["yamlToJson"];
  readonly #needs: Needs;
  readonly #parts: EngineParts;
  readonly #life: Life;
  readonly #shownAs = createSharedViews();

  constructor(parts: EngineParts, life: Life) {
    const { checker } = parts;
    this.check = checker.check;
    this.decode = checker.decode;
    this.readParams = checker.readParams;
    this.readSubmitted = checker.readSubmitted;
    this.yamlToJson = checker.yamlToJson;
    this.#needs = parts.options.needs ?? NEEDS;
    this.#parts = parts;
    this.#life = life;
  }

  get isShedding(): boolean {
    return this.#parts.shedding.isOn;
  }

  admit(work: NewWork): Unavailable | null {
    return refusal(this.#parts.shedding.refusalOf(work)) ?? this.#obstructed();
  }

  async create(request: CreateRequest): Promise<CreateResult> {
    const below = this.#below(this.#needs.definition(request.definition.text));
    return this.#obstructed() ?? (below && (await below)) ?? this.#parts.creation.create(request);
  }

  async remove(executionId: string, cancel: boolean): Promise<RemoveAnswer> {
    const { store } = this.#parts.options;
    const command: Engine["command"] = (id, wanted) => this.command(id, wanted);
    return this.#stopping() ?? removeExecution({ store, command }, executionId, cancel);
  }

  async command(executionId: string, command: ClientCommand): Promise<CommandAnswer> {
    // A trigger brings work. The other commands end work or hold it, so they are accepted even if there is no room for more.
    const refused = command.type === "Trigger" ? this.#obstructed() : this.#stopping();
    const below = this.#below(this.#needs.command(command));
    return refused ?? (below && (await below)) ?? this.#parts.commands.command(executionId, command);
  }

  async view(id: string): Promise<ExecutionView | null> {
    const { views, handlers } = this.#parts;
    const found = await views.stateOf(id);
    return found === null ? null : this.#shownAs(id, found.state, this.isStalled(id), handlers.reasons());
  }

  summary(id: string): Promise<Summary | null> {
    return this.#parts.options.store.summary(id);
  }

  isStalled(id: string): boolean {
    return this.#parts.supervisors.system.isStalled(id);
  }

  largeOutputs(id: string, nodes: readonly { readonly id: string; readonly attempt: number }[]): Promise<readonly (string | null)[]> {
    const keys = nodes.map((node) => largeKey.output(node.id, node.attempt));
    return this.#parts.options.store.large(id, keys);
  }

  list(query: ListQuery): Promise<readonly Summary[]> {
    return this.#parts.options.store.list(query);
  }

  async waitForEnd(id: string, withinMs: number): Promise<boolean> {
    const { options, waiters, supervisors } = this.#parts;
    const wait = waiters.wait(id, withinMs);
    if (supervisors.isUnderWay(id)) return wait?.ended ?? false;
    try {
      // It may have ended before anybody waited.
      return (await hasEnded(options.store, id)) || ((await wait?.ended) ?? false);
    } finally {
      wait?.cancel();
    }
  }

  health(): EngineHealth {
    return healthOf(this.#parts, this.#life);
  }

  markUnready(): void {
    if (this.#life.ending === "none") this.#life.ending = "near";
  }

  async stop(graceMs: number, lastAnswers?: () => Promise<void>): Promise<void> {
    const { options, supervisors, waiters, views, joined, checker } = this.#parts;
    const { store, pool, cluster } = options;
    this.#life.ending = "begun";
    supervisors.timers.stop();
    await (cluster === null ? this.#endAlone(graceMs) : this.#endAmongOthers(graceMs));
    waiters.stop();
    views.close();
    supervisors.system.stop();
    await lastAnswers?.();
    await joined.close();
    await store.close();
    checker.close();
    await pool.close();
  }

  /** The reason why new work is refused now; null if it is not. */
  #obstructed(): Unavailable | null {
    return this.#stopping() ?? refusal(this.#parts.joined.full());
  }

  #stopping(): Unavailable | null {
    return refusal(this.#life.ending === "begun" ? "The server is stopping." : null);
  }

  /** The reason why what needs this level cannot be stored now; null if it can. */
  #below(level: number): Promise<Unavailable | null> | null {
    return level <= FIRST_LEVEL ? null : this.#belowLevel(level);
  }

  async #belowLevel(level: number): Promise<Unavailable | null> {
    try {
      return refusal(await this.#parts.joined.ownership.obstacleTo(level));
    } catch (error) {
      if (error instanceof StoreUnavailable) return unavailable(error.message);
      throw error;
    }
  }

  /** Ends an instance alone: every outcome is in the store before the last commit. */
  async #endAlone(graceMs: number): Promise<void> {
    const { options, supervisors, joined } = this.#parts;
    await options.pool.drain(graceMs);
    await supervisors.system.idle();
    // What a stalled execution had begun is recorded nowhere. Only a death gives it the next number.
    await joined.ownership.stop(!supervisors.system.hasStalled);
  }

  /** Ends an instance among several: what runs ends or is given back, and every outcome is in the store before the last commit. */
  async #endAmongOthers(graceMs: number): Promise<void> {
    const { options, overflow, joined } = this.#parts;
    const { ownership, remoteAttempts } = joined;
    await overflow?.stopClaiming();
    await ownership.stop(true);
    overflow?.stop();
    remoteAttempts.giveBack();
    await options.pool.drain(graceMs);
    // A store that is away must not delay the end: what it does not get counts as cut off. The stream is told too, because nobody else
    // knows what the store has forgotten.
    const told = Promise.all([remoteAttempts.idle(), joined.told()]);
    await whileUseful(options.clock, OUTCOMES_MS, told, () => ownership.storeTrouble === null);
    await ownership.leave();
  }
}

function refusal(reason: string | null): Unavailable | null {
  return reason === null ? null : unavailable(reason);
}

/** The creation of an execution: it is stored, and then taken up here if its lane is this instance's. */
import type { Supervisors } from "../actors/supervisors.ts";
import type { CreatedExecution } from "../actors/execution/created-executions.ts";
import type { Workload } from "../actors/system/workload.ts";
import type { Ownership } from "../cluster/ownership.ts";
import { type CreateRequest, type CreateResult, unavailable } from "./answers.ts";
import type { EngineLanes } from "./lane-work.ts";
import type { Clock } from "../env/clock.ts";
import { derivedId, hashOf, type Ids } from "../env/ids.ts";
import { type Creator, createCreator } from "../store/creator.ts";
import type { Gathering } from "../store/gathering.ts";
import { type NewExecution, type Store, StoreUnavailable } from "../store/store.ts";

export type Creation = {
  /** Resolves when it is durable, or cannot be for now. */
  create(request: CreateRequest): Promise<CreateResult>;
  /** The store's last refusal of new executions; null if it accepts them, or may. */
  readonly refusal: string | null;
  /** Since when the oldest one waits that is not stored yet, by the monotonic clock. */
  readonly waitingSinceMs: number | null;
};

export type CreationOptions = {
  readonly store: Store;
  readonly supervisors: Supervisors;
  readonly ownership: Ownership;
  readonly lanes: Pick<EngineLanes, "isOwned">;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly gathering: Gathering | undefined;
  readonly workload: Workload;
  /** Called when the store has it, written by this instance. `owned`: its lane is this instance's. */
  readonly created: (execution: NewExecution, owned: boolean) => void;
  /** Whether nothing is taken up any more. */
  readonly isStopping: () => boolean;
};

export function openCreation(options: CreationOptions): Creation {
  return new StoreCreation(options);
}

class StoreCreation implements Creation {
  readonly #options: CreationOptions;
  readonly #creator: Creator;

  constructor(options: CreationOptions) {
    const { store, clock, gathering } = options;
    this.#options = options;
    this.#creator = createCreator({ store, clock, gathering });
  }

  get waitingSinceMs(): number | null {
    return this.#creator.waitingSinceMs;
  }

  get refusal(): string | null {
    return this.#creator.refusal;
  }

  async create(request: CreateRequest): Promise<CreateResult> {
    const { store, supervisors, ids, workload } = this.#options;
    const { definition, trigger, idempotency } = request;
    const id = idempotency === null ? ids.next() : derivedId("default", idempotency.route, idempotency.key);
    const bodyHash = idempotency === null ? definition.hash : hashOf(idempotency.body);
    const lane = store.laneOf(id);
    const admitted = this.#mayEnter(id, lane, request);
    workload.begin();
    const createdExecution = supervisors.createdExecutions.make({
      id,
      definition,
      trigger: trigger && { ...trigger, admitted },
      bodyHash,
    });
    try {
      return await this.#write(createdExecution, lane, request);
    } finally {
      workload.end();
      supervisors.createdExecutions.made(id);
      // Nobody took it up here, so its room is free again.
      if (admitted && !supervisors.system.has(id)) supervisors.admission.leave(id);
    }
  }

  /**
   * Whether its start may stand in its first chunk: only if it can run here at once. An execution with a key may exist already, and run.
   */
  #mayEnter(id: string, lane: number, { trigger, idempotency }: CreateRequest): boolean {
    const { supervisors, ownership, lanes } = this.#options;
    if (trigger === null || idempotency !== null || !lanes.isOwned(lane)) return false;
    return ownership.ownedLaneOf(lane)?.trusted() === true && supervisors.admission.tryEnter(id);
  }

  async #write(createdExecution: CreatedExecution, lane: number, { trigger, idempotency }: CreateRequest): Promise<CreateResult> {
    const { supervisors, ownership, lanes, created, isStopping } = this.#options;
    const { id, status } = createdExecution.execution.summary;
    const ownedLane = ownership.ownedLaneOf(lane);
    try {
      const answer = await this.#creator.create(createdExecution.execution);
      if (answer === "differs") return { type: "differs" };
      const owned = lanes.isOwned(lane);
      if (answer === "created") {
        // Written under a lease that has ended since, it may have gone on elsewhere.
        if (owned && ownedLane !== null && ownedLane === ownership.ownedLaneOf(lane))
          supervisors.createdExecutions.keep(createdExecution, ownedLane);
        created(createdExecution.execution, owned);
      }
      if (trigger !== null && owned && !isStopping()) supervisors.system.wake(id);
      // Without a key the id is new, so an existing execution is this request, sent again after a lost answer.
      if (idempotency !== null && answer === "exists") return { type: "exists", id };
      return { type: "created", id, status };
    } catch (error) {
      if (error instanceof RangeError) return { type: "refused", reason: error.message };
      if (!(error instanceof StoreUnavailable)) throw error;
      // It may have been created and triggered all the same.
      if (trigger !== null) ownership.unsure(lane);
      return unavailable(error.message);
    }
  }
}

/**
 * Looks at who begins what while several instances share a store: whose lane it is by the store's word in that moment,
 * who has claimed it, and what each instance has in hand in the end.
 */
import { readOfferId } from "../../src/store/offer-id.ts";
import type { Attempt, ExecutionAttempts, Pool } from "../../src/pool/pool.ts";
import { laneOf } from "../../src/store/lane-of.ts";
import type { SharedMemoryFiles } from "../../src/store/memory/shared-memory-store.ts";
import type { Offer } from "../../src/store/shared-store.ts";
import type { World } from "./world.ts";

export class LaneWitness {
  /** What was seen to be wrong. */
  readonly broken: string[] = [];
  /** How many attempts were claimed. */
  claims = 0;
  readonly #files: SharedMemoryFiles;
  readonly #world: World;
  readonly #claimed = new Set<string>();

  constructor(files: SharedMemoryFiles, world: World) {
    this.#files = files;
    this.#world = world;
  }

  /** By the store's word the lease of the execution's lane is this boot's, and has not lapsed. */
  owns(bootId: string, executionId: string): boolean {
    const lane = this.#files.lanes[laneOf(executionId, this.#files.lanes.length)];
    const view = lane?.view(this.#world.nowMs());
    return view?.bootId === bootId && view.remainingMs > 0;
  }

  /** By the store's word this boot's claim of the attempt stands. */
  holdsClaim(bootId: string, executionId: string, node: number, attempt: number): boolean {
    const lane = this.#files.lanes[laneOf(executionId, this.#files.lanes.length)];
    return (lane?.offers() ?? []).some(({ id, execution, claimedBy }) => {
      if (execution !== executionId || claimedBy !== bootId) return false;
      const key = readOfferId(id);
      return key.node === node && key.attempt === attempt;
    });
  }

  /** An instance heard that it has claimed these. */
  claim(bootId: string, offers: readonly Offer[]): void {
    this.claims += offers.length;
    for (const { id, execution } of offers) {
      const { node, attempt } = readOfferId(id);
      this.#claimed.add(`${bootId} ${execution}/${node}/${attempt}`);
    }
  }

  /** An instance's pool, of which everything that is given to it is looked at. `bootOf`: known once it has begun. */
  watched(pool: Pool, bootOf: () => string): { readonly pool: Pool; readonly inHand: () => readonly string[] } {
    const given: { readonly execution: string; readonly attempts: ExecutionAttempts; attached: boolean }[] = [];
    const attach: Pool["attach"] = (execution, listener) => {
      const attempts = pool.attach(execution, listener);
      const its = { execution: execution.id, attempts, attached: true };
      given.push(its);
      return new Proxy(attempts, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name, target);
          if (typeof value !== "function") return value;
          return (...values: readonly unknown[]) => {
            if (name === "start") this.#starts(bootOf(), execution.id, attempts, values[0] as Attempt);
            if (name === "detach") its.attached = false;
            return Reflect.apply(value, target, values);
          };
        },
      });
    };
    const inHand = () =>
      given.flatMap(({ execution, attempts, attached }) => {
        const is = `${attached ? "attached, " : ""}${attempts.size} entries`;
        return attached || attempts.size > 0 ? [`execution ${execution}: ${is}`] : [];
      });
    return { pool: { ...pool, attach }, inHand };
  }

  /** Nothing is given to the threads but by the owner, while its lease lasts, or by who has claimed it. */
  #starts(bootId: string, executionId: string, attempts: ExecutionAttempts, { node, attempt, nodeId }: Attempt): void {
    if (attempts.holds(node, attempt) || this.#claimed.has(`${bootId} ${executionId}/${node}/${attempt}`)) return;
    if (this.owns(bootId, executionId)) return;
    this.broken.push(`${executionId}/${nodeId}/${attempt} was started by ${bootId}, which does not own it (at ${this.#world.nowMs()})`);
  }
}

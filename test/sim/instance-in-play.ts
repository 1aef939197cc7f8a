/** One of several instances in a play: its life, its engine, and everything between it and the rest of the world. */
import type { DoorbellHub } from "../../src/bus/memory/doorbell.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Pool } from "../../src/pool/pool.ts";
import { openSharedMemoryStore, type SharedMemoryFiles } from "../../src/store/memory/shared-memory-store.ts";
import type { SharedStore } from "../../src/store/shared-store.ts";
import { HANDLERS, MEMBER_LIMITS, startInstance } from "./instance.ts";
import type { LaneWitness } from "./lane-witness.ts";
import { Life } from "./life.ts";
import { newerCommands, newerOffers } from "./newer-build.ts";
import { LEVEL } from "../../src/workflow/execution/level.ts";
import { lossyPool } from "./lossy-pool.ts";
import { unreliableDoorbell, unreliableStream } from "./unreliable-bus.ts";
import { type StoreFaults, unreliableStore, type Weather } from "./unreliable-store.ts";
import type { Witness } from "./witness.ts";
import type { World } from "./world.ts";

const TTL_MS = 3_000;

/** By the count of the boot that offers it. */
const isOfEven = (id: string): boolean => Number(id.split("/").at(-3)) % 2 === 0;

/** What all instances of a play have in common. */
export type Stage = {
  readonly world: World;
  readonly files: SharedMemoryFiles;
  readonly weather: Weather;
  readonly hub: DoorbellHub;
  readonly witness: Witness;
  readonly lanes: LaneWitness;
  /** Is given what the stream is given. */
  readonly read: (value: string) => void;
  readonly faults: StoreFaults & {
    readonly handlerFails: number;
    readonly attemptLost: number;
    readonly ringsLost: number;
    readonly streamFails: number;
    readonly slots: number;
    readonly limit: number | null;
    /** Instances have different handlers. */
    readonly handlersDiffer: boolean;
    /** Some are of a newer build, which offers and stores what the others cannot read. */
    readonly versionsDiffer: boolean;
  };
  /** Puts something of the test's between the instance and its seams. */
  readonly throughStore: (store: SharedStore, life: Life, files: SharedMemoryFiles) => SharedStore;
  readonly throughPool: (pool: Pool, life: Life) => Pool;
};

export class InstanceInPlay {
  readonly name: string;
  readonly life: Life;
  bootId = "";
  engine: Engine | null = null;
  /** `up`: also while it is paused. `dead`: killed, or it never came up. */
  state: "starting" | "up" | "ending" | "ended" | "dead" = "starting";
  #handlers = HANDLERS;
  #level = LEVEL;
  inHand: () => readonly string[] = () => [];
  outside: () => number = () => 0;

  constructor(name: string, world: World) {
    this.name = name;
    this.life = new Life(world);
  }

  /** Whether it has all handlers. */
  get hasAll(): boolean {
    return this.#handlers.length === HANDLERS.length;
  }

  /** Whether it is of the newer build. */
  get isNewer(): boolean {
    return this.#level > LEVEL;
  }

  /** Comes up by and by. `all`: with every handler, and of the newer build, also where they differ. */
  start(stage: Stage, all = false): void {
    const { world, files, weather, faults, witness, lanes } = stage;
    const { life } = this;
    if (faults.handlersDiffer && !all) this.#handlers = HANDLERS.filter(({ name }) => name === "step" || world.random.chance(0.5));
    const names = new Set(this.#handlers.flatMap((info) => info.names));
    if (faults.versionsDiffer && (all || world.random.chance(0.5))) this.#level += 1;
    const opened = openSharedMemoryStore({ files, clock: world, level: this.#level });
    const versioned = this.isNewer ? newerCommands(newerOffers(opened, isOfEven)) : opened;
    const store = this.#heard(unreliableStore(stage.throughStore(versioned, life, files), world, life, weather, faults), lanes);
    const starting = startInstance({
      world: life,
      store,
      slots: faults.slots,
      ...(faults.limit === null ? {} : { maxRunningExecutions: faults.limit }),
      handlers: this.#handlers,
      run: witness.whereKnown(
        names,
        witness.runIn(life, faults.handlerFails, (executionId, attempt) => {
          if (this.state === "ended") return "ended";
          const { bootId } = this;
          if (lanes.owns(bootId, executionId)) return "owner";
          return lanes.holdsClaim(bootId, executionId, attempt.node, attempt.attempt) ? "claimer" : "zombie";
        }),
      ),
      throughPool: (pool) => {
        const watched = lanes.watched(lossyPool(stage.throughPool(pool, life), world.random, faults.attemptLost), () => this.bootId);
        this.inHand = watched.inHand;
        this.outside = () => pool.overflow.outside;
        return watched.pool;
      },
      cluster: {
        store,
        doorbell: unreliableDoorbell(stage.hub.hang(), world, life, weather, faults.ringsLost),
        events: unreliableStream(stage.read, world, life, weather, faults.streamFails),
        name: this.name,
        threads: 1,
        limits: MEMBER_LIMITS,
        leaseTtlMs: TTL_MS,
        leaseRenewMs: 1_000,
        overflowAfterMs: 50,
        outboxBytes: { max: 256 * 2 ** 20, hold: 512 * 2 ** 20 },
      },
    });
    starting.then(
      (engine) => {
        this.engine = engine;
        if (this.state === "starting") this.state = "up";
      },
      // The store was away when it came: a process would end.
      () => this.kill(),
    );
  }

  /** As by `kill -9`. */
  kill(): void {
    this.life.alive = false;
    this.state = "dead";
  }

  /** As by SIGTERM. */
  end(graceMs: number): void {
    this.state = "ending";
    void this.engine?.stop(graceMs).then(() => {
      if (this.state !== "ending") return;
      this.state = "ended";
      // The process ends: what it has not done by now nobody does.
      this.life.alive = false;
    });
  }

  /** Notes what it hears of the store about itself. */
  #heard(store: SharedStore, lanes: LaneWitness): SharedStore {
    return new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (name === "beat") {
          const beat: SharedStore["beat"] = (member, ttlMs) => {
            this.bootId = member.bootId;
            return target.beat(member, ttlMs);
          };
          return beat;
        }
        if (name !== "claim") return value;
        const claim: SharedStore["claim"] = async (lane, asked) => {
          const offers = await target.claim(lane, asked);
          lanes.claim(asked.bootId, offers);
          return offers;
        };
        return claim;
      },
    });
  }
}

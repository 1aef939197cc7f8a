/**
 * Several instances' ownerships in one simulated world, on one shared memory store: each with its own clock that can stand
 * still or end, and a store that stalls, loses calls and answers. Looks at every step that nobody shares a lane's trust.
 */
import type { Doorbell } from "../../../src/bus/doorbell.ts";
import { createDoorbellHub } from "../../../src/bus/memory/doorbell.ts";
import type { Ownership } from "../../../src/cluster/ownership.ts";
import { takeSharedOwnership } from "../../../src/cluster/lanes/shared-ownership.ts";
import { emptySharedMemory, openSharedMemoryStore } from "../../../src/store/memory/shared-memory-store.ts";
import type { SharedStore } from "../../../src/store/shared-store.ts";
import { recordingLog } from "../../env/log/recording-log.ts";
import { Life } from "../../sim/life.ts";
import { settled, World } from "../../sim/world.ts";
import { newExecution } from "../../store/made.ts";
import { type Connection, stallingStore, type Weather } from "./stalling-store.ts";
import { Worker } from "./worker.ts";

export const TIMES = { ttlMs: 3_000, renewMs: 1_000 };

export class Instance {
  readonly name: string;
  readonly clock: Life;
  readonly store: SharedStore;
  readonly connection: Connection;
  readonly worker: Worker;
  readonly logged: ReturnType<typeof recordingLog>["entries"];
  ownership: Ownership | null = null;
  begun = false;
  ended = false;

  constructor(parts: Pick<Instance, "name" | "clock" | "store" | "connection" | "worker" | "logged">) {
    this.name = parts.name;
    this.clock = parts.clock;
    this.store = parts.store;
    this.connection = parts.connection;
    this.worker = parts.worker;
    this.logged = parts.logged;
  }

  /** The lanes that it holds and trusts now. */
  get trusted(): readonly number[] {
    return [...(this.ownership?.ownedLanes() ?? [])].filter((ownedLane) => ownedLane.trusted()).map(({ lane }) => lane);
  }
}

export class Ownerships {
  readonly world: World;
  readonly files;
  /** The store as it is, whatever stands between it and the instances. */
  readonly truth: SharedStore;
  readonly weather: Weather = { calm: true, stalledUntilMs: 0, lostCalls: 0, lostAnswers: 0, lostRings: 0, losing: null };
  readonly instances: Instance[] = [];
  /** Promises that were seen broken. */
  readonly broken: string[] = [];
  /** How often a lane was taken. */
  takes = 0;
  readonly #hub;

  constructor(lanes = 64, seed = 1) {
    this.world = new World(seed);
    this.files = emptySharedMemory(lanes);
    for (const lane of this.files.lanes) {
      const take = lane.take.bind(lane);
      lane.take = (...given) => {
        const taken = take(...given);
        if (taken.type === "taken") this.takes += 1;
        return taken;
      };
    }
    this.truth = openSharedMemoryStore({ files: this.files, clock: this.world });
    this.#hub = createDoorbellHub(this.world);
  }

  get living(): readonly Instance[] {
    return this.instances.filter(({ clock, ended }) => clock.alive && !ended);
  }

  /** An instance that begins at once. */
  start(over: Partial<Parameters<typeof takeSharedOwnership>[0]> = {}): Instance {
    const { world, weather } = this;
    const name = `boot-${String(this.instances.length + 1).padStart(2, "0")}`;
    const clock = new Life(world);
    const connection: Connection = { calls: new Map(), failing: new Map(), cutUntilMs: 0 };
    const store = stallingStore(openSharedMemoryStore({ files: this.files, clock: world }), clock, world, weather, connection);
    const { log, entries } = recordingLog();
    const bell = this.#hub.hang();
    const worker = new Worker({ name, store, clock, truth: this.truth, broken: this.broken });
    const instance = new Instance({ name, clock, store, connection, worker, logged: entries });
    this.instances.push(instance);
    const starting = takeSharedOwnership({
      ...{ store, bootId: name, name, threads: 1, tells: () => ({}), clock, log, ...TIMES },
      doorbell: {
        ring: (ring) => (clock.alive ? bell.ring(ring) : undefined),
        listen: (listener) => bell.listen((ring) => clock.act(() => void (world.random.chance(weather.lostRings) || listener(ring)))),
        close: () => bell.close(),
      },
      retention: { finishedMs: 1e12, untriggeredMs: 1e12 },
      onApplied: () => undefined,
      ...over,
    });
    starting.then(
      async (ownership) => {
        instance.ownership = ownership;
        await ownership.begin(worker.begin(ownership));
        instance.begun = true;
      },
      // It refuses to start without the store.
      () => this.kill(instance),
    );
    return instance;
  }

  /** What an instance that is started so rejects with. */
  refused(over: Partial<Parameters<typeof takeSharedOwnership>[0]>): Promise<unknown> {
    const { log } = recordingLog();
    const { truth: store, world: clock } = this;
    const given = { store, bootId: "refused", name: "refused", threads: 1, tells: () => ({}), clock, log, ...TIMES, doorbell: this.hang() };
    return takeSharedOwnership({ ...given, retention: { finishedMs: 1, untriggeredMs: 1 }, onApplied: () => undefined, ...over });
  }

  /** A doorbell of nobody in particular. */
  hang(): Doorbell {
    return this.#hub.hang();
  }

  /** The next so many answers to calls of this name are lost on their way. */
  loseAnswersTo(name: string, count: number): void {
    this.weather.losing = { name, count };
  }

  /** The lane's lease is over, and it is this boot's now. */
  takeAway(lane: number, bootId: string): void {
    this.files.lanes[lane]?.seize(bootId, this.world.nowMs(), TIMES.ttlMs);
  }

  /** As `kill -9`. */
  kill(instance: Instance): void {
    instance.clock.alive = false;
    instance.worker.dead = true;
  }

  /** SIGTERM: its end is not waited for. */
  stop(instance: Instance): void {
    instance.worker.ending = true;
    void (async () => {
      await instance.ownership?.stop(true);
      await instance.ownership?.leave();
      instance.ended = true;
    })();
  }

  /** Executions that are triggered, by id. */
  async create(count: number, prefix = "x"): Promise<readonly string[]> {
    const ids = Array.from({ length: count }, (_, at) => `${prefix}${at}`);
    await this.truth.create(ids.map((id) => newExecution(id, { triggeredAtMs: 1_000 })));
    return ids;
  }

  /** By lane: who trusts itself with it. Throws where two do. */
  owners(): ReadonlyMap<number, string> {
    const owners = new Map<number, string>();
    for (const instance of this.instances) {
      if (!instance.clock.alive) continue;
      for (const lane of instance.trusted) {
        const other = owners.get(lane);
        if (other !== undefined) throw new Error(`At ${this.world.nowMs()} lane ${lane} is trusted by ${other} and by ${instance.name}.`);
        owners.set(lane, instance.name);
      }
    }
    return owners;
  }

  /** One thing happens; then everything is looked at. */
  async step(): Promise<void> {
    if (!(await this.world.step())) throw new Error("Nothing can happen any more.");
    this.owners();
    const [first] = this.broken;
    if (first !== undefined) throw new Error(`At ${this.world.nowMs()}: ${first}`);
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.world.nowMs() + ms;
    let over = false;
    this.world.after(ms, () => {
      over = true;
    });
    while (!over) await this.step();
    if (this.world.nowMs() < untilMs) throw new Error("Time went back.");
  }

  /** Steps until the fact holds; answers how many milliseconds that took. Throws after `withinMs`. */
  async until(fact: () => boolean, what: string, withinMs = 60_000): Promise<number> {
    const beganAtMs = this.world.nowMs();
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (!fact()) {
      if (this.world.nowMs() - beganAtMs > withinMs) throw new Error(`Not within ${withinMs} ms: ${what}. ${this.describe()}`);
      await this.step();
    }
    return this.world.nowMs() - beganAtMs;
  }

  /** Lets the world go on until the promise is kept. */
  after<T>(promise: Promise<T>, withinMs = 60_000): Promise<T> {
    return settled(promise, (isSettled) => this.until(isSettled, "the answer that the test waits for", withinMs));
  }

  /** Every execution goes on at whoever owns it. */
  isAdopted(ids: readonly string[]): boolean {
    const owners = this.owners();
    return ids.every((id) => {
      const owner = owners.get(this.truth.laneOf(id));
      return this.instances.some(({ name, worker }) => name === owner && worker.has(id));
    });
  }

  /** Every lane is trusted by one of those who live. */
  get isWhole(): boolean {
    return this.owners().size === this.files.lanes.length;
  }

  /** Every lane is owned, and nobody has two more than another. */
  get isEven(): boolean {
    const sizes = this.living.filter(({ worker }) => !worker.ending).map(({ trusted }) => trusted.length);
    return this.isWhole && Math.max(...sizes) - Math.min(...sizes) <= 1;
  }

  describe(): string {
    return this.instances
      .map(({ name, trusted, clock, ended }) => `${name}${clock.alive ? "" : " (dead)"}${ended ? " (ended)" : ""}: ${trusted.length}`)
      .join(", ");
  }
}

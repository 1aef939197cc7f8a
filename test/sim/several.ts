/** A short play on several instances of the engine in one world: one store, one doorbell hub, a life each. */
import { createDoorbellHub, type DoorbellHub } from "../../src/bus/memory/doorbell.ts";
import { createMemoryStream } from "../../src/bus/memory/event-stream.ts";
import type { StreamRecord } from "../../src/bus/event-stream.ts";
import type { Engine, ExecutionView, CommandAnswer } from "../../src/engine/engine.ts";
import type { Pool, RunAttempt } from "../../src/pool/pool.ts";
import { emptySharedMemory, openSharedMemoryStore, type SharedMemoryFiles } from "../../src/store/memory/shared-memory-store.ts";
import type { SharedStore } from "../../src/store/shared-store.ts";
import type { Needs } from "../../src/engine/parts.ts";
import { LEVEL } from "../../src/workflow/execution/level.ts";
import { recordingLog } from "../env/log/recording-log.ts";
import { MEMBER_LIMITS, startInstance } from "./instance.ts";
import { Life } from "./life.ts";
import { type Behaviour, ok } from "./scene.ts";
import { World } from "./world.ts";

export type Instance = {
  readonly name: string;
  readonly life: Life;
  readonly engine: Engine;
  readonly logged: ReturnType<typeof recordingLog>["entries"];
};

export type SeveralOptions = {
  readonly nodes?: Readonly<Record<string, Behaviour>>;
  readonly lanes?: number;
  readonly seed?: number;
  readonly slots?: number;
  /** Bytes of events that may wait to be published. */
  readonly outboxBytes?: { readonly max: number; readonly hold: number };
  /** The level of an instance's build; this one's where it is not given. */
  readonly levelOf?: (name: string) => number;
  readonly needs?: Needs;
  /** Puts something between an instance and the store. */
  readonly through?: (store: SharedStore, name: string, life: Life) => SharedStore;
  /** Puts something before an instance's pool. */
  readonly throughPool?: (pool: Pool, name: string) => Pool;
};

export class Several {
  readonly world: World;
  readonly files: SharedMemoryFiles;
  readonly truth: SharedStore;
  readonly instances: Instance[] = [];
  /** `instance: node/attempt` of every attempt that has begun, in order. */
  readonly begun: string[] = [];
  readonly published: StreamRecord[] = [];
  isStreamAway = false;
  readonly #options: SeveralOptions;
  readonly #hub: DoorbellHub;
  readonly #stream = createMemoryStream();

  private constructor(options: SeveralOptions) {
    this.#options = options;
    this.world = new World(options.seed ?? 1);
    this.files = emptySharedMemory(options.lanes ?? 8);
    this.truth = openSharedMemoryStore({ files: this.files, clock: this.world });
    this.#hub = createDoorbellHub(this.world);
    this.#stream.subscribe((record) => this.published.push(record));
  }

  /** So many instances, called a, b, c, …, that have divided the lanes among themselves. */
  static async start(count: number, options: SeveralOptions = {}): Promise<Several> {
    const several = new Several(options);
    for (const name of "abcdefghij".slice(0, count)) await several.join(name);
    const lanes = several.files.lanes.length;
    const even = () => several.instances.every(({ engine }) => lanesOf(engine) >= Math.floor(lanes / count));
    await several.world.until(even, `${count} instances own about as many lanes each`);
    return several;
  }

  async join(name: string): Promise<Instance> {
    const life = new Life(this.world);
    const { log, entries } = recordingLog();
    const { nodes = {}, through = (store) => store, throughPool = (pool) => pool } = this.#options;
    const level = this.#options.levelOf?.(name) ?? LEVEL;
    const store = through(openSharedMemoryStore({ files: this.files, clock: this.world, level }), name, life);
    const run: RunAttempt = (attempt, context) => {
      this.begun.push(`${name}: ${attempt.nodeId}/${attempt.attempt}`);
      return nodes[attempt.nodeId]?.(attempt, context.signal) ?? ok("null");
    };
    const engine = await this.after(
      startInstance({
        world: life,
        store,
        run,
        log,
        throughPool: (pool) => throughPool(pool, name),
        ...(this.#options.slots === undefined ? {} : { slots: this.#options.slots }),
        ...(this.#options.needs === undefined ? {} : { needs: this.#options.needs }),
        cluster: {
          store,
          doorbell: this.#hub.hang(),
          events: {
            publish: (records) => (this.isStreamAway ? Promise.reject(new Error("The stream is away.")) : this.#stream.publish(records)),
            health: () => ({ available: true }),
            close: () => Promise.resolve(),
          },
          name,
          threads: 1,
          limits: MEMBER_LIMITS,
          leaseTtlMs: 3_000,
          leaseRenewMs: 1_000,
          overflowAfterMs: 100,
          outboxBytes: this.#options.outboxBytes ?? { max: 256 * 2 ** 20, hold: 512 * 2 ** 20 },
        },
      }),
    );
    const instance = { name, life, engine, logged: entries };
    this.instances.push(instance);
    return instance;
  }

  at(name: string): Instance {
    const found = this.instances.find((instance) => instance.name === name);
    if (found === undefined) throw new Error(`No instance is called ${name}.`);
    return found;
  }

  /** Lets the world go on until the promise is kept. */
  after<T>(promise: Promise<T>): Promise<T> {
    return this.world.settled(promise);
  }

  /** As `kill -9`. */
  kill(name: string): void {
    this.at(name).life.alive = false;
    this.instances.splice(this.instances.indexOf(this.at(name)), 1);
  }

  /** The execution's id; created by the named instance. */
  async create(name: string, nodes: readonly unknown[]): Promise<string> {
    const { engine } = this.at(name);
    const checked = await engine.check(JSON.stringify({ name: "test", dag: { nodes } }), "workflow");
    if (!checked.ok) throw new Error(`The test's definition is refused: ${JSON.stringify(checked.problems)}`);
    const result = await this.after(engine.create({ definition: checked.definition, trigger: null, idempotency: null }));
    if (result.type !== "created") throw new Error(`Not created: ${JSON.stringify(result)}`);
    return result.id;
  }

  trigger(name: string, id: string): Promise<CommandAnswer> {
    return this.after(this.at(name).engine.command(id, { type: "Trigger", params: null }));
  }

  async view(name: string, id: string): Promise<ExecutionView> {
    const view = await this.after(this.at(name).engine.view(id));
    if (view === null) throw new Error(`Execution ${id} is not there.`);
    return view;
  }

  /** The name of the instance that owns the execution's lane, by the store's word. */
  async ownerOf(id: string): Promise<string> {
    const leases = await this.after(this.truth.leases(3_000));
    const bootId = leases[this.truth.laneOf(id)]?.bootId;
    const owner = this.instances.find(({ engine }) => engine.health().cluster?.bootId === bootId);
    if (owner === undefined) throw new Error(`No instance of this play owns the lane of ${id}: boot ${bootId} does.`);
    return owner.name;
  }

  async ended(name: string, id: string): Promise<string> {
    let status = "";
    await this.world.until(() => {
      void this.truth.summary(id).then((summary) => {
        status = summary?.status ?? "";
      });
      return status === "COMPLETED" || status === "FAILED";
    }, `execution ${id} has ended`);
    return (await this.view(name, id)).status;
  }
}

export function lanesOf(engine: Engine): number {
  return engine.health().cluster?.lanes ?? 0;
}

/**
 * Plays one seed of several whole instances on one store: random DAGs, clients that go to any of them, connections that
 * lose calls, answers and rings, instances that are killed, paused, ended cleanly and joined anew, a store and a stream
 * that go away for a while. Then looks at the logs, the stream, what the witnesses saw, and what is left.
 */
import { createDoorbellHub } from "../../src/bus/memory/doorbell.ts";
import type { ExecutionView } from "../../src/engine/engine.ts";
import type { Pool } from "../../src/pool/pool.ts";
import { rememberPast } from "../store/memory/past.ts";
import { emptySharedMemory, openSharedMemoryStore, type SharedMemoryFiles } from "../../src/store/memory/shared-memory-store.ts";
import type { SharedStore } from "../../src/store/shared-store.ts";
import type { WorkflowEvent } from "../../src/workflow/execution/messages.ts";
import { LEVEL } from "../../src/workflow/execution/level.ts";
import { Understood } from "../bus/relay/documented-reader.ts";
import { Clients } from "./clients.ts";
import { InstanceInPlay, type Stage } from "./instance-in-play.ts";
import { LaneWitness } from "./lane-witness.ts";
import type { Life } from "./life.ts";
import { brokenPromises } from "./promises.ts";
import { remains } from "./remains.ts";
import { storedLog } from "./stored-log.ts";
import { StreamWitness } from "./stream-witness.ts";
import { Witness } from "./witness.ts";
import { World } from "./world.ts";

/** What befalls instances (the first four), the store and the stream. `fall`: the store is restarted with an older past. */
export type Trouble = "kill" | "pause" | "end" | "join" | "storeAway" | "streamAway" | "fall";

/** Probabilities, but for the last four. `slots`: attempts that an instance runs at once. */
export type SeveralFaults = Stage["faults"] & {
  /** One of these, at random, every one or two seconds. */
  readonly troubles: readonly Trouble[];
  readonly longRetries: boolean;
  /** Of each execution: a client cancels it. */
  readonly cancels: number;
  /** And pauses it for a while. */
  readonly pauses: number;
  /** Clients come again with the same key and the same nodes in another order: another index is each one's, if the first was forgotten. */
  readonly reordered: boolean;
};
export const NO_TROUBLES: SeveralFaults = {
  failing: 0,
  conflicts: 0,
  handlerFails: 0,
  attemptLost: 0,
  ringsLost: 0,
  streamFails: 0,
  slots: 100,
  limit: null,
  handlersDiffer: false,
  versionsDiffer: false,
  reordered: false,
  troubles: [],
  longRetries: false,
  cancels: 0,
  pauses: 0,
};

/** What is done to the engine's seams, to see that it is noticed. */
export type SeveralSabotage = {
  readonly store?: (store: SharedStore, life: Life, files: SharedMemoryFiles) => SharedStore;
  readonly pool?: (pool: Pool, life: Life) => Pool;
};
export type PlayedBySeveral = {
  readonly statuses: readonly string[];
  readonly instances: number;
  readonly claims: number;
  readonly trace: string;
};

const LANES = 4;
const EXECUTIONS = 6;
/** Of the attempts, so many take seconds. */
const LONG_NODES = 0.1;
const NODES_LIMIT = 16;
const INSTANCES_MAX = 9;
const TROUBLES = 10;
const STEPS_MAX = 100_000;
/** Where instances have different handlers, one that has all is there from then on: what waited for it goes on. */
const ALL_HANDLERS_AFTER_MS = 8_000;
/** Where they are of two builds, the older ones are replaced from then on: what waits for the newer one goes on. */
const ALL_NEWER_AFTER_MS = 12_000;
/** What is left after so long nobody will take away. */
const QUIET_WITHIN_MS = 90_000;
/** And what has not happened by then never will. */
const UNTIL_MS = 3 * 60_000;
/** A store that is restarted has forgotten at most so much. */
const FORGOTTEN_MAX_MS = 1_000;
/** All lanes are owned by then. */
const SETTLED_AFTER_MS = 5_000;
/** Where nothing is amiss but rings that get lost, what was triggered starts within this time. */
const STARTS_WITHIN_MS = 4_000;

/** Throws, naming the seed, where a promise is broken. */
export async function simulateSeveral(seed: number, faults: SeveralFaults, sabotage: SeveralSabotage = {}): Promise<PlayedBySeveral> {
  const play = new Play(seed, faults, sabotage);
  try {
    return await play.run();
  } catch (error) {
    throw new Error(`Seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

class Play {
  readonly #world: World;
  readonly #faults: SeveralFaults;
  readonly #files = emptySharedMemory(LANES);
  readonly #truth: SharedStore;
  readonly #stage: Stage;
  readonly #instances: InstanceInPlay[] = [];
  readonly #understood = new Understood();
  readonly #misread: string[] = [];
  readonly #streamed = new StreamWitness();
  /** Boots that were killed or paused: others may take them for dead. */
  readonly #silenced = new Set<string>();
  readonly #clients: Clients;
  #coming = EXECUTIONS;
  #troublesLeft = TROUBLES;
  #falling = 0;
  #steps = 0;
  /** Nothing more is done to the instances: they are asked. */
  #isJudged = false;
  readonly #beganAtMs: number;

  constructor(seed: number, faults: SeveralFaults, sabotage: SeveralSabotage) {
    const world = new World(seed);
    this.#world = world;
    this.#beganAtMs = world.nowMs();
    this.#faults = faults;
    this.#truth = openSharedMemoryStore({ files: this.#files, clock: world });
    this.#stage = {
      world,
      faults,
      files: this.#files,
      weather: { calm: false, storeAwayUntilMs: 0, streamAwayUntilMs: 0, storeRuns: 0 },
      hub: createDoorbellHub(world),
      witness: new Witness(this.#truth, LONG_NODES),
      lanes: new LaneWitness(this.#files, world),
      read: (value) => this.#read(value),
      throughStore: sabotage.store ?? ((store) => store),
      throughPool: sabotage.pool ?? ((pool) => pool),
    };
    // Else the plays would be half over before anybody may be cancelled or paused.
    if (faults.cancels + faults.pauses > 0) this.#files.members.raise(LEVEL, world.nowMs());
    this.#clients = new Clients({
      ...{ world, truth: this.#truth, engine: () => this.#any(), witness: this.#stage.witness },
      wishes: { ...faults, sizeLimit: NODES_LIMIT, mayForget: this.#forgets },
    });
  }

  async run(): Promise<PlayedBySeveral> {
    const { random } = this.#world;
    for (let count = 2 + random.below(3); count > 0; count--) this.#join();
    await this.#until(() => this.#up().length > 0, "the first instance is up");
    this.#comeLater();
    if (this.#faults.troubles.length > 0) this.#troubleLater();
    await this.#until(() => this.#isOver(), "all executions have ended");
    this.#stage.weather.calm = true;
    const quietByMs = this.#world.nowMs() + QUIET_WITHIN_MS;
    let left = remains(this.#files, this.#instances);
    while (left.length > 0 && this.#world.nowMs() < quietByMs) {
      await this.#step();
      left = remains(this.#files, this.#instances);
    }
    return this.#judge(left);
  }

  #join(all = false): void {
    const instance = new InstanceInPlay(String.fromCharCode(97 + this.#instances.length), this.#world);
    this.#instances.push(instance);
    instance.start(this.#stage, all);
  }

  #comeLater(): void {
    this.#world.after(this.#world.random.below(3_000), () => {
      this.#clients.come();
      this.#coming -= 1;
      if (this.#coming > 0) this.#comeLater();
    });
  }

  #troubleLater(): void {
    const { random } = this.#world;
    this.#world.after(random.below(2_500), () => {
      this.#befall(this.#faults.troubles[random.below(this.#faults.troubles.length)] ?? "join");
      this.#troublesLeft -= 1;
      if (this.#troublesLeft > 0) this.#troubleLater();
    });
  }

  #befall(trouble: Trouble): void {
    const { weather, world } = this.#stage;
    const { random } = world;
    switch (trouble) {
      case "join":
        return this.#joinLater();
      case "storeAway":
        weather.storeAwayUntilMs = world.nowMs() + 2_000 + random.below(3_000);
        return;
      case "streamAway":
        weather.streamAwayUntilMs = world.nowMs() + 1_000 + random.below(5_000);
        return;
      case "fall": {
        // What one has forgotten does not come back with the next.
        if (this.#falling > 0) return;
        const fallBack = rememberPast(this.#files);
        this.#falling += 1;
        world.after(random.below(FORGOTTEN_MAX_MS), () => {
          weather.storeRuns += 1;
          weather.storeAwayUntilMs = world.nowMs() + random.below(1_000);
          fallBack();
          this.#falling -= 1;
        });
        return;
      }
      case "pause":
        return this.#pause(this.#oneOf(this.#living().filter(({ life }) => !life.isPaused)));
      case "kill": {
        const victim = this.#oneOf(this.#living());
        if (victim === null || this.#up().every((each) => each === victim)) return;
        this.#silenced.add(victim.bootId);
        victim.kill();
        return this.#joinLater();
      }
      case "end": {
        const leaving = this.#oneOf(this.#up());
        if (leaving === null || this.#up().length === 1) return;
        leaving.end(random.below(1_500));
        return this.#joinLater();
      }
    }
  }

  #pause(instance: InstanceInPlay | null): void {
    if (instance === null) return;
    const { life, bootId } = instance;
    this.#silenced.add(bootId);
    life.pause();
    this.#world.after(500 + this.#world.random.below(9_500), () => life.resume());
  }

  #joinLater(): void {
    const { world } = this.#stage;
    if (this.#instances.length < INSTANCES_MAX) world.after(world.random.below(3_000), () => this.#join());
  }

  #up(): readonly InstanceInPlay[] {
    return this.#instances.filter(({ state }) => state === "up");
  }

  #living(): readonly InstanceInPlay[] {
    return this.#instances.filter(({ life }) => life.alive);
  }

  #oneOf(instances: readonly InstanceInPlay[]): InstanceInPlay | null {
    return instances[this.#world.random.below(instances.length)] ?? null;
  }

  #any() {
    const engine = this.#oneOf(this.#up())?.engine;
    if (engine === undefined || engine === null) throw new Error("No instance is up: the play always leaves one.");
    return engine;
  }

  #read(value: string): void {
    this.#streamed.read(value);
    try {
      this.#understood.read(value);
    } catch (error) {
      this.#misread.push(`the stream: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #isOver(): boolean {
    this.#clients.resumeStrays(this.#files);
    if (this.#coming > 0 || this.#falling > 0 || !this.#clients.content || (this.#faults.troubles.length > 0 && this.#troublesLeft > 0))
      return false;
    for (const { summary } of this.#files.executions.values()) if (summary.triggeredAtMs !== null && !summary.closed) return false;
    return true;
  }

  async #step(): Promise<void> {
    if (this.#steps++ > STEPS_MAX) throw new Error(`no end after ${STEPS_MAX} steps: ${this.#state().join("; ")}`);
    const beforeMs = this.#world.nowMs();
    if (!(await this.#world.step())) throw new Error("nothing happens any more");
    if (this.#world.nowMs() !== beforeMs) this.#lookAtTrust();
    const isLate = this.#world.nowMs() > this.#beganAtMs + ALL_HANDLERS_AFTER_MS;
    if (this.#faults.handlersDiffer && isLate && !this.#living().some(({ hasAll, state }) => hasAll && state !== "ending"))
      this.#join(true);
    if (this.#faults.versionsDiffer && !this.#isJudged && this.#world.nowMs() > this.#beganAtMs + ALL_NEWER_AFTER_MS) this.#upgrade();
    // A process that could not start is started again.
    if (this.#up().length === 0 && this.#living().every(({ state }) => state === "ending")) this.#join();
  }

  /** As by SIGTERM, when a newer one is up. */
  #upgrade(): void {
    const newer = this.#living().filter(({ isNewer, state }) => isNewer && state !== "ending");
    if (newer.length === 0) return this.#join(true);
    if (!newer.some(({ state, life }) => state === "up" && !life.isPaused)) return;
    for (const older of this.#up()) if (!older.isNewer && !older.life.isPaused) older.end(this.#world.random.below(1_500));
  }

  /** Nobody shares a lane's trust, and nobody below the level in use has a lane. */
  #lookAtTrust(): void {
    const owners = new Map<number, string>();
    const { level } = this.#files.members;
    for (const { name, engine, isNewer } of this.#living()) {
      for (const lane of engine?.health().cluster?.trusted ?? []) {
        if (level > LEVEL && !isNewer) this.#stage.lanes.broken.push(`lane ${lane} is trusted by ${name}, which is below level ${level}`);
        const other = owners.get(lane);
        if (other !== undefined) this.#stage.lanes.broken.push(`lane ${lane} is trusted by ${other} and by ${name}`);
        owners.set(lane, name);
      }
    }
  }

  async #until(fact: () => boolean, what: string): Promise<void> {
    const byMs = this.#world.nowMs() + UNTIL_MS;
    while (!fact()) {
      if (this.#world.nowMs() > byMs) throw new Error(`never: ${what}: ${this.#state().join("; ")}`);
      await this.#step();
    }
  }

  #state(): readonly string[] {
    return [`${this.#clients.content ? "" : "clients wait"}`, ...this.#broken(), ...remains(this.#files, this.#instances)];
  }

  /** What somebody saw of a past that is forgotten says nothing. */
  get #forgets(): boolean {
    return this.#faults.troubles.includes("fall");
  }

  #broken(): readonly string[] {
    const { witness, lanes } = this.#stage;
    // What is created again after a loss is the exception that docs/events.md names.
    const ofStream = this.#faults.reordered ? [] : [...this.#misread, ...this.#streamed.broken];
    if (this.#forgets) return [...this.#clients.broken, ...ofStream];
    return [...this.#clients.broken, ...witness.broken, ...lanes.broken, ...ofStream];
  }

  async #judge(left: readonly string[]): Promise<PlayedBySeveral> {
    this.#isJudged = true;
    const { witness, lanes } = this.#stage;
    const broken = [...this.#broken(), ...left];
    const statuses: string[] = [];
    const trace: string[] = [];
    for (const id of this.#clients.accepted)
      if (!this.#forgets && !this.#files.executions.has(id)) broken.push(`${id} was accepted, and is lost`);
    // What is created late, by a call that nobody waits for any more, may still come.
    for (const id of [...this.#files.executions.keys()]) {
      const log = await storedLog(this.#truth, id);
      if (log === null) continue;
      const triggered = log.events.some(({ type }) => type === "ExecutionTriggered");
      if (!this.#faults.reordered) broken.push(...this.#unlikeStream(id, log.events.length));
      broken.push(...(await this.#unlikeViews(id)));
      if (!triggered) continue;
      const mayHaveDied = (boot: string) => this.#forgets || this.#faults.failing > 0 || this.#silenced.has(boot);
      broken.push(...(await brokenPromises(this.#truth, log, witness, { mayHaveDied, claims: true })));
      broken.push(...this.#lossesWithoutCause(id, log.events));
      statuses.push(log.events.map((event) => (event.type === "ExecutionFinished" ? event.status : "")).join(""));
      trace.push(...log.events.map((event) => JSON.stringify(event)));
    }
    if (this.#isCalm()) {
      const queued = this.#clients.queuedAtMs.filter((atMs) => atMs > this.#beganAtMs + SETTLED_AFTER_MS);
      if (queued.length > 0) broken.push(`${queued.length} triggers were not answered by the owner, though nothing was amiss`);
      for (const { summary } of this.#files.executions.values()) {
        const waitedMs = (summary.startedAtMs ?? 0) - (summary.triggeredAtMs ?? 0);
        if (waitedMs > STARTS_WITHIN_MS) broken.push(`${summary.id} started ${waitedMs} ms after it was triggered`);
      }
    }
    if (!this.#forgets && this.#understood.rewinds > 0)
      broken.push(`the stream tells of ${this.#understood.rewinds} rewinds, and there was none`);
    if (this.#silenced.size === 0 && this.#faults.failing === 0 && !this.#forgets) {
      const begun = new Set<string>();
      for (const name of witness.begun) {
        if (begun.has(name)) broken.push(`${name} began twice, and nobody died`);
        begun.add(name);
      }
    }
    if (broken.length > 0) throw new Error(broken.join("; "));
    return { statuses, instances: this.#instances.length, claims: lanes.claims, trace: [...trace, ...witness.begun].join("\n") };
  }

  #lossesWithoutCause(id: string, events: readonly WorkflowEvent[]): readonly string[] {
    // What was told to stop is lost by that.
    const end = events.findIndex((event) => event.type === "ExecutionFinished" && event.status === "CANCELLED");
    const lost = events.slice(0, end < 0 ? events.length : end).filter((event) => event.type === "AttemptLost");
    const dead = lost.filter(({ death }) => death);
    const { failing, attemptLost } = this.#faults;
    if (lost.length > 0 && this.#isCalm() && attemptLost === 0)
      return [`${id}: ${lost.length} attempts were lost, though nothing was amiss`];
    if (this.#forgets || this.#silenced.size > 0 || failing + attemptLost > 0 || dead.length === 0) return [];
    return [`${id}: ${dead.length} attempts are lost by a death, and nobody died`];
  }

  /** No troubles, and neither calls nor commits get lost. */
  #isCalm(): boolean {
    const { failing, conflicts, troubles, limit, versionsDiffer } = this.#faults;
    return failing + conflicts + troubles.length === 0 && limit === null && !versionsDiffer;
  }

  /** Every event once, and in order. */
  #unlikeStream(id: string, events: number): readonly string[] {
    const history = this.#understood.histories.get(id) ?? [];
    const stored = this.#files.executions.get(id)?.chunks.flatMap(({ text }) => JSON.parse(text) as unknown[]) ?? [];
    if (history.length !== events) return [`the stream has ${history.length} events of ${id}, the log ${events}`];
    return JSON.stringify(history) === JSON.stringify(stored) ? [] : [`the stream tells another story of ${id} than the log`];
  }

  /** Any instance shows what the store holds. */
  async #unlikeViews(id: string): Promise<readonly string[]> {
    const wanted = this.#files.executions.get(id)?.summary;
    const found: string[] = [];
    for (const { name, engine } of this.#up()) {
      let view: ExecutionView | null | undefined;
      const look = (): void => void engine?.view(id).then((seen) => (view = seen), look);
      look();
      await this.#until(() => view !== undefined, "a view is answered");
      if (view?.status !== wanted?.status) found.push(`${name} shows ${id} as ${view?.status}, the store as ${wanted?.status}`);
    }
    return found;
  }
}

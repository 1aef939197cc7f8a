/**
 * A play of overflow alone: instances with a pool each, the owner's and the claimer's side between them and one shared
 * store. In the place of supervisors stands the plainest owner that can be: it starts attempts, hears outcomes, settles them.
 */
import { createClaimer, type Claimer } from "../../../src/cluster/overflow/claimer.ts";
import { createKnownHandlers } from "../../../src/cluster/known-handlers.ts";
import { createOffers, type Offers } from "../../../src/cluster/overflow/offers.ts";
import { createInlinePool } from "../../../src/pool/inline-pool.ts";
import type { Attempt, AttemptKey, ExecutionAttempts, Outcome, Pool, RunAttempt, Spilled } from "../../../src/pool/pool.ts";
import { emptySharedMemory, openSharedMemoryStore, type SharedMemoryFiles } from "../../../src/store/memory/shared-memory-store.ts";
import { JSON_HERE } from "../../pool/json-here.ts";
import type { SharedStore } from "../../../src/store/shared-store.ts";
import type { Lease } from "../../../src/store/store.ts";
import { recordingLog } from "../../env/log/recording-log.ts";
import { attemptOf, FIXTURE_HANDLERS } from "../../pool/fixtures/behaviours.ts";
import { MEMBER_LIMITS } from "../../sim/instance.ts";
import { Life } from "../../sim/life.ts";
import { World } from "../../sim/world.ts";
import { faultyOffers, NO_FAULTS, type OfferFaults } from "./faulty-offers.ts";

export type PlayOptions = {
  readonly seed?: number;
  /** Attempts that one instance runs at once. */
  readonly slots?: number;
  readonly faults?: OfferFaults;
  /** The probability that nobody hears a ring. */
  readonly lostRings?: number;
  /** By a player's name: those of the fixtures' handlers that it has; all where it is not named. */
  readonly handlers?: Readonly<Record<string, readonly string[]>>;
};

const LANES = 4;
const TTL_MS = 3_600_000;
const AFTER_MS = 100;

/** An attempt that has begun somewhere. */
export type Run = { readonly by: string; readonly key: string; readonly beganAtMs: number; end: "open" | "completed" | "aborted" };

export class Play {
  readonly world: World;
  readonly files: SharedMemoryFiles = emptySharedMemory(LANES);
  readonly truth: SharedStore;
  readonly players: Player[] = [];
  readonly runs: Run[] = [];
  /** By execution: whoever owns it now. */
  readonly owners = new Map<string, PlainOwner>();
  readonly options: PlayOptions;

  constructor(options: PlayOptions = {}) {
    this.options = options;
    this.world = new World(options.seed ?? 1);
    this.truth = openSharedMemoryStore({ files: this.files, clock: this.world });
  }

  async join(name: string): Promise<Player> {
    const player = new Player(this, name);
    this.players.push(player);
    await this.world.pass(1);
    this.#peersChanged();
    return player;
  }

  /** Lets the world go on until the promise is kept. */
  after<T>(promise: Promise<T>): Promise<T> {
    return this.world.settled(promise);
  }

  /** The player owns the execution's lane and the execution: `nodes` attempts of so many milliseconds each are started. */
  async own(player: Player, execution: string, nodes: number, ms: number, changes: Partial<Attempt> = {}): Promise<PlainOwner> {
    await this.take(player, this.truth.laneOf(execution));
    player.yield(execution);
    const owner = new PlainOwner(this, player, execution);
    this.owners.set(execution, owner);
    for (let node = 0; node < nodes; node++) owner.start(attemptOf("sleep", { node, nodeId: `n${node}`, config: String(ms), ...changes }));
    return owner;
  }

  /** The player takes the lane, also anew. */
  async take(player: Player, lane: number): Promise<void> {
    const taken = await this.truth.takeLease(lane, player.name, TTL_MS);
    if (taken.type === "held") throw new Error(`Lane ${lane} is held: release it first.`);
    const again = player.leases.has(lane);
    player.leases.set(lane, taken.lease);
    if (!again) player.surplus.taken(lane);
  }

  /** As `kill -9`, and everybody notices at once. */
  kill(player: Player): void {
    player.life.alive = false;
    this.players.splice(this.players.indexOf(player), 1);
    this.#peersChanged();
    for (const other of this.players) other.pool.executorDied(player.name);
  }

  #peersChanged(): void {
    for (const player of this.players) player.peersChanged();
  }

  ring(from: Player, lane: number, away: boolean): void {
    for (const player of this.players) {
      if (player === from || this.world.random.chance(this.options.lostRings ?? 0)) continue;
      player.life.after(this.world.random.below(3), () => {
        player.surplus.heard(lane);
        player.claimer.heard(lane, away);
      });
    }
  }

  /** How many attempts each player has begun. */
  shares(): Readonly<Record<string, number>> {
    const shares: Record<string, number> = {};
    for (const { by } of this.runs) shares[by] = (shares[by] ?? 0) + 1;
    return shares;
  }

  /** Attempts that have begun more than once. */
  doubled(): readonly string[] {
    const keys = this.runs.map(({ key }) => key);
    return keys.filter((key, at) => keys.indexOf(key) !== at);
  }

  async offersLeft(): Promise<number> {
    const lanes = await Promise.all(this.files.lanes.map((_, lane) => this.truth.offersIn(lane)));
    return lanes.flat().length;
  }
}

export class Player {
  readonly name: string;
  readonly life: Life;
  readonly pool: Pool;
  readonly store: SharedStore;
  readonly surplus: Offers;
  readonly claimer: Claimer;
  peersChanged: () => void = () => undefined;
  /** What it may write to. */
  readonly leases = new Map<number, Lease>();
  readonly logged: ReturnType<typeof recordingLog>["entries"];
  /** What it runs for others, by execution. */
  readonly #remoteAttempts = new Map<string, ExecutionAttempts>();
  readonly #remoteAttemptsEnd = new Map<string, (outcome: Outcome) => void>();
  readonly #play: Play;
  readonly #runs: RunAttempt = (attempt, context) => this.#run(attempt, context.executionId, context.signal);

  constructor(play: Play, name: string) {
    const { world, options } = play;
    const life = new Life(world);
    const { log, entries } = recordingLog();
    this.#play = play;
    this.name = name;
    this.life = life;
    this.logged = entries;
    this.store = faultyOffers(openSharedMemoryStore({ files: play.files, clock: world }), world, life, options.faults ?? NO_FAULTS);
    this.pool = createInlinePool({
      handlers: FIXTURE_HANDLERS.filter((info) => options.handlers?.[name]?.includes(info.name) ?? true),
      slots: options.slots ?? 2,
      abortGraceMs: 100,
      clock: life,
      turns: life,
      report: (sentence) => log.warn(sentence),
      run: this.#runs,
    });
    const { pool, store } = this;
    const handlers = createKnownHandlers({
      here: pool.handlers,
      onHere: pool.onHandlers,
      peers: () =>
        play.players
          .filter((player) => player !== this)
          .map((player) => ({ name: player.name, leaving: false, handlers: [...player.pool.handlers().keys()] })),
      onPeers: (changed) => {
        this.peersChanged = changed;
      },
      clock: life,
      log,
    });
    this.surplus = createOffers({
      store,
      handlers,
      limits: MEMBER_LIMITS,
      json: JSON_HERE,
      overflow: pool.overflow,
      bootId: name,
      overflowAfterMs: AFTER_MS,
      leaseOf: (lane) => this.leases.get(lane) ?? null,
      others: () => play.players.length - 1,
      isAlive: (bootId) => play.players.some((player) => player.name === bootId),
      executorDied: (bootId) => pool.executorDied(bootId),
      ring: (lane, away) => play.ring(this, lane, away),
      clock: life,
      turns: life,
      log,
    });
    this.claimer = createClaimer({
      store,
      handlers: pool.handlers,
      overflow: pool.overflow,
      bootId: name,
      json: JSON_HERE,
      isOwned: (lane) => this.leases.has(lane),
      run: (claimed) => this.#remote(claimed),
      abort: ({ execution, node, attempt }) => this.#remoteAttempts.get(execution)?.abortOne(node, attempt, "Its claim is gone."),
      giveBack: (execution, { node = Number.NaN, attempt }) => play.owners.get(execution)?.hear(node, attempt, { type: "released" }),
      ring: (lane) => play.ring(this, lane, false),
      clock: life,
      log,
    });
  }

  /** As where its handlers are loaded again: these it has then. */
  renew(names: readonly string[]): ReturnType<Pool["renew"]> {
    return this.pool.renew({ run: this.#runs, handlers: FIXTURE_HANDLERS.filter(({ name }) => names.includes(name)) });
  }

  /** It owns the execution from now on: what it runs of it is its owner's to hear of. */
  yield(execution: string): void {
    this.#remoteAttempts.get(execution)?.detach();
    this.#remoteAttempts.delete(execution);
  }

  #run(attempt: Attempt, execution: string, signal: AbortSignal): Promise<Extract<Outcome, { type: "completed" | "failed" }>> {
    const run: Run = {
      by: this.name,
      key: `${execution}/${attempt.node}/${attempt.attempt}`,
      beganAtMs: this.#play.world.nowMs(),
      end: "open",
    };
    this.#play.runs.push(run);
    return new Promise((resolve) => {
      const end = (how: "completed" | "aborted"): void => {
        if (run.end !== "open") return;
        run.end = how;
        resolve({ type: "completed", output: `"${this.name}"` });
      };
      this.life.after(Number(attempt.config), () => end("completed"));
      signal.addEventListener("abort", () => end("aborted"));
    });
  }

  /** As the engine's remote attempts: runs it, and brings its outcome to whoever owns the execution then. */
  #remote({ execution, attempt }: Spilled): Promise<void> {
    const { id } = execution;
    let attempts = this.#remoteAttempts.get(id);
    attempts ??= this.pool.attach(execution, {
      began: () => undefined,
      returned: () => undefined,
      ended: (node, number, _beganAtMs, outcome) =>
        this.#remoteAttemptsEnd.get(nameOf({ execution: id, node, attempt: number }))?.(outcome),
    });
    this.#remoteAttempts.set(id, attempts);
    const its = attempts;
    return new Promise((resolve) => {
      this.#remoteAttemptsEnd.set(nameOf({ execution: id, node: attempt.node, attempt: attempt.attempt }), (outcome) => {
        const bring = (): void => {
          if (this.#remoteAttempts.get(id) !== its) return resolve();
          its.settle(attempt.node, attempt.attempt);
          this.#play.owners.get(id)?.hear(attempt.node, attempt.attempt, outcome);
          resolve();
        };
        this.life.after(this.life.random.below(10), bring);
      });
      its.start(attempt);
    });
  }
}

/** In the place of an execution's supervisor. */
export class PlainOwner {
  readonly player: Player;
  readonly execution: string;
  readonly attempts: ExecutionAttempts;
  /** By node: the executor that was told with its start. */
  readonly starts = new Map<number, string | null>();
  /** By node and attempt. */
  readonly outcomes = new Map<string, Outcome>();
  returns = 0;
  readonly #play: Play;

  constructor(play: Play, player: Player, execution: string) {
    this.#play = play;
    this.player = player;
    this.execution = execution;
    this.attempts = player.pool.attach(
      { id: execution, name: "its name" },
      {
        began: (node, _attempt, _atMs, executor) => void this.starts.set(node, executor),
        ended: (node, attempt, _atMs, outcome) => this.hear(node, attempt, outcome),
        returned: () => {
          this.returns += 1;
        },
      },
    );
  }

  start(attempt: Attempt): void {
    this.attempts.start(attempt);
  }

  /** An outcome: the first counts, and is settled when a commit would be answered. */
  hear(node: number, attempt: number, outcome: Outcome): void {
    if (!this.player.life.alive) return;
    const name = `${node}/${attempt}`;
    if (!this.outcomes.has(name)) this.outcomes.set(name, outcome);
    this.player.life.after(this.#play.world.random.below(5), () => this.attempts.settle(node, attempt));
  }

  /** Lets the world go on until so many outcomes are there and all of them are settled. */
  async ended(count: number, stepsMax?: number): Promise<void> {
    await this.#play.world.until(
      () => this.outcomes.size >= count && this.attempts.size === 0,
      `${count} attempts of ${this.execution} have ended (${this.outcomes.size} have, ${this.attempts.size} are in hand)`,
      stepsMax,
    );
  }
}

function nameOf({ execution, node, attempt }: AttemptKey): string {
  return `${execution}/${node}/${attempt}`;
}

/** A short play on the whole engine: a world, one instance, and the handlers' behaviour by node id. */
import type { CreateResult, Engine, ExecutionView, CommandAnswer } from "../../src/engine/engine.ts";
import type { Attempt, NodeOutcome, Pool, RunAttempt } from "../../src/pool/pool.ts";
import { emptyMemory, type MemoryFiles, openMemoryStore } from "../../src/store/memory/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { recordingLog } from "../env/log/recording-log.ts";
import { startInstance } from "./instance.ts";
import { World } from "./world.ts";

/** What a node does: an outcome at once, after so many milliseconds, or when the test says so. */
export type Behaviour = (attempt: Attempt, signal: AbortSignal) => NodeOutcome | Promise<NodeOutcome>;

export type SceneOptions = {
  readonly nodes?: Readonly<Record<string, Behaviour>>;
  readonly files?: MemoryFiles;
  readonly world?: World;
  readonly maxRunningExecutions?: number;
  readonly mailboxLimit?: number;
  /** Puts something before the store. */
  readonly through?: (store: Store) => Store;
  /** Puts something before the pool. */
  readonly throughPool?: (pool: Pool) => Pool;
};

export class Scene {
  readonly world: World;
  readonly files: MemoryFiles;
  readonly engine: Engine;
  /** `node/attempt` of every attempt that has begun, in order. */
  readonly begun: readonly string[];
  readonly attempts: readonly Attempt[];
  readonly logged: ReturnType<typeof recordingLog>["entries"];

  private constructor(parts: Pick<Scene, "world" | "files" | "engine" | "begun" | "attempts" | "logged">) {
    this.world = parts.world;
    this.files = parts.files;
    this.engine = parts.engine;
    this.begun = parts.begun;
    this.attempts = parts.attempts;
    this.logged = parts.logged;
  }

  static async start(options: SceneOptions = {}): Promise<Scene> {
    const { nodes = {}, files = emptyMemory(), world = new World(), through = (store) => store, ...limits } = options;
    const begun: string[] = [];
    const attempts: Attempt[] = [];
    const { log, entries } = recordingLog();
    const run: RunAttempt = (attempt, context) => {
      begun.push(`${attempt.nodeId}/${attempt.attempt}`);
      attempts.push(attempt);
      return nodes[attempt.nodeId]?.(attempt, context.signal) ?? ok("null");
    };
    const starting = startInstance({ world, store: through(openMemoryStore(files)), run, log, ...limits });
    return new Scene({ world, files, engine: await world.settled(starting), begun, attempts, logged: entries });
  }

  /** Lets the world go on until the promise is kept. */
  after<T>(promise: Promise<T>): Promise<T> {
    return this.world.settled(promise);
  }

  async create(nodes: readonly unknown[], rest: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const result = await this.createResult(nodes, rest);
    if (result.type !== "created") throw new Error(`Not created: ${JSON.stringify(result)}`);
    return result.id;
  }

  async createResult(nodes: readonly unknown[], rest: Readonly<Record<string, unknown>> = {}): Promise<CreateResult> {
    const checked = await this.engine.check(JSON.stringify({ name: "test", ...rest, dag: { nodes } }), "workflow");
    if (!checked.ok) throw new Error(`The test's definition is refused: ${JSON.stringify(checked.problems)}`);
    return this.after(this.engine.create({ definition: checked.definition, trigger: null, idempotency: null }));
  }

  trigger(id: string, params: string | null = null): Promise<CommandAnswer> {
    return this.after(this.engine.command(id, { type: "Trigger", params }));
  }

  async view(id: string): Promise<ExecutionView> {
    const view = await this.after(this.engine.view(id));
    if (view === null) throw new Error(`Execution ${id} is not there.`);
    return view;
  }

  /** The states of the nodes, by id. */
  async states(id: string): Promise<Record<string, string>> {
    return Object.fromEntries((await this.view(id)).nodes.map((node) => [node.id, node.state]));
  }

  /** As `kill -9`: nothing of it acts any more in this world, whose time and turns belong to whoever comes next. */
  crash(): Pick<SceneOptions, "files" | "world"> {
    return { files: this.files, world: new World(2, this.world.nowMs() + 1_000) };
  }
}

export function ok(output: string): NodeOutcome {
  return { type: "completed", output };
}

export function fails(message = "It broke.", retryable = true): NodeOutcome {
  return { type: "failed", failure: { kind: "handler", code: "boom", message, retryable } };
}

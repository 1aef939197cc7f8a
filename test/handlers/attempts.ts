/** What the tests of handlers start from: one attempt, run as a thread runs it. */
import { createNodeActor } from "../../src/node/node.ts";
import { bundleHandlers } from "../../src/handlers/loading/bundle.ts";
import type { Handler } from "../../src/handlers/handler.ts";
import { loadRegistry, type Registry } from "../../src/handlers/registry.ts";
import type { HandlerSettings } from "../../src/handlers/settings.ts";
import type { Attempt, AttemptContext, NodeOutcome, RunAttempt, ScopeEntry } from "../../src/pool/pool.ts";
import { type Failure, withoutStack } from "../../src/workflow/execution/failure.ts";
import { recordingLog } from "../env/log/recording-log.ts";
import { attemptOf as plainAttempt } from "../pool/fixtures/behaviours.ts";
import { World } from "../sim/world.ts";

const NOWHERE = "a-folder-that-does-not-exist";

export const settings: HandlerSettings = {
  mockLatencyMs: { min: 0, max: 0 },
  externalServices: "mock",
  httpAllowPrivate: false,
  llm: null,
  outputBytes: 10_000,
  nesting: 32,
};

export function attemptOf(handler: string, config: unknown = null, fields: Partial<Attempt> = {}): Attempt {
  const text = config === null || typeof config === "string" ? config : JSON.stringify(config);
  return plainAttempt(handler, { nodeId: "me", config: text, ...fields });
}

export function completedNode(id: string, output: string): ScopeEntry {
  return { id, status: "COMPLETED", attempt: 1, error: null, output };
}

/** `abort`: aborts the attempt's signal. */
export function contextOf(): AttemptContext & { abort(reason: unknown): void } {
  const controller = new AbortController();
  return { executionId: "e1", executionName: "test", signal: controller.signal, abort: (reason) => controller.abort(reason) };
}

export type Bench = {
  readonly world: World;
  readonly log: ReturnType<typeof recordingLog>;
  run(attempt: Attempt, context?: AttemptContext): NodeOutcome | Promise<NodeOutcome>;
};

/** The built-in handlers, and those of a folder. */
export async function loadFrom(
  handlersDir = NOWHERE,
  changed: Partial<HandlerSettings> = {},
  world = new World(),
): ReturnType<typeof loadRegistry> {
  return loadRegistry({ ...settings, ...changed }, await bundleHandlers(handlersDir), { clock: world, random: world.random });
}

/** A node actor with the built-in handlers and those of a folder, in a simulated world. */
export async function benchOf(changed: Partial<HandlerSettings> = {}, handlersDir = NOWHERE): Promise<Bench> {
  const world = new World();
  const loaded = await loadFrom(handlersDir, changed, world);
  if (!loaded.ok) throw new Error(loaded.faults.join("\n"));
  return actorOn(loaded.registry, world, changed);
}

/** A node actor with these handlers alone. */
export function benchWith(handlers: readonly Handler[], changed: Partial<HandlerSettings> = {}): Bench {
  const registry: Registry = { get: (name) => handlers.find((handler) => handler.names.includes(name)), infos: [] };
  return actorOn(registry, new World(), changed);
}

function actorOn(registry: Registry, world: World, changed: Partial<HandlerSettings>): Bench {
  const log = recordingLog();
  const run = createNodeActor(registry, { ...settings, ...changed, log: log.log, failures: log.log });
  return { world, log, run: (attempt, context = contextOf()) => known(run(attempt, context)) };
}

/** Of a handler that is there. */
function known(answer: ReturnType<RunAttempt>): NodeOutcome | Promise<NodeOutcome> {
  if (!(answer instanceof Promise) && answer.type === "unknown_handler") throw new Error("The bench has no such handler.");
  return answer;
}

/** The output's JSON text of what must have completed. */
export async function textOf(outcome: NodeOutcome | Promise<NodeOutcome>): Promise<string> {
  const ended = await outcome;
  if (ended.type === "failed") throw new Error(`The attempt failed: ${JSON.stringify(ended.failure)}`);
  return ended.output;
}

export async function outputOf(outcome: NodeOutcome | Promise<NodeOutcome>): Promise<Record<string, unknown>> {
  return JSON.parse(await textOf(outcome));
}

/** Without its stack, which in tests names these very files. */
export async function failureOf(outcome: NodeOutcome | Promise<NodeOutcome>): Promise<Failure> {
  const ended = await outcome;
  if (ended.type === "completed") throw new Error(`The attempt should have failed, but completed with ${ended.output}`);
  return withoutStack(ended.failure);
}

/**
 * The interface of handlers. This file is the package's own export, so it is what users import:
 *
 *     import { defineHandler, HandlerError } from "troupe";
 *     export default defineHandler({ name: "greet", config: v.object({ name: v.string() }), run: ({ name }) => `Hello ${name}` });
 */
import type * as v from "valibot";

/** Data that a handler may need beside its config. `parents`: the outputs of its direct dependencies; `params`: the trigger's params. */
export type Need = "parents" | "params";

/** The server's log, with the execution, node and attempt on every line. */
export type HandlerLog = {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
};

/** A direct dependency that has completed. */
export type Parent = {
  readonly id: string;
  readonly status: string;
  /** The output's JSON text, as it came; null if there is none. */
  readonly text: string | null;
  /** The output as a frozen value. It is parsed when it is first asked for. */
  readonly output: unknown;
};

export type HandlerContext = {
  readonly executionId: string;
  readonly nodeId: string;
  /** The number of this attempt, from 1. */
  readonly attempt: number;
  /** The same key for all attempts of this node. Pass it to services that can recognise a repeated call. */
  readonly idempotencyKey: string;
  /** A signal that is aborted when the attempt times out or is no longer wanted. The handler should then end soon. */
  readonly signal: AbortSignal;
  readonly log: HandlerLog;
  /** The direct dependencies in their order; empty unless the handler needs "parents". */
  parents(): readonly Parent[];
  /** The trigger's params as JSON text, as they came; null if there are none, or unless the handler needs "params". */
  paramsText(): string | null;
};

/** The config's schema: a valibot schema without asynchronous transforms. */
type ConfigSchema = v.GenericSchema;
type ConfigOf<Schema> = Schema extends ConfigSchema ? v.InferOutput<Schema> : Record<string, unknown>;

export type HandlerDefinition<Schema extends ConfigSchema | undefined> = {
  /** The name that definitions use: letters, digits, `_`, `-` and `.`. */
  readonly name: string;
  /** Other names of the handler. */
  readonly aliases?: readonly string[];
  /** The schema of the config, checked after its templates are filled in. Without it any config is accepted. */
  readonly config?: Schema;
  readonly needs?: Need | readonly Need[];
  /**
   * The work itself. What it returns (or resolves to) must be JSON and is the node's output; `undefined` counts as null.
   * What it throws fails the attempt, which is then tried again. Throw a HandlerError to say otherwise.
   */
  run(config: ConfigOf<Schema>, context: HandlerContext): unknown;
};

/** A handler as the registry keeps it. */
export type Handler = {
  readonly name: string;
  /** All names, its own first. */
  readonly names: readonly string[];
  readonly needs: readonly Need[];
  readonly config: ConfigSchema | null;
  readonly run: (config: Record<string, unknown>, context: HandlerContext) => unknown;
};

const NAME = /^[A-Za-z0-9_.-]{1,128}$/;
const defined = new WeakSet<object>();

/** Makes a handler: the default export of a module in the handlers' folder. Throws a TypeError if the definition is wrong. */
export function defineHandler<Schema extends ConfigSchema | undefined = undefined>(definition: HandlerDefinition<Schema>): Handler {
  const { name, aliases = [], config, needs = [] } = definition;
  for (const each of [name, ...aliases]) {
    if (typeof each !== "string" || !NAME.test(each))
      throw new TypeError(`A handler's name is 1 to 128 letters, digits, _ - or . : got ${JSON.stringify(each)}.`);
  }
  const needed = typeof needs === "string" ? [needs] : needs;
  for (const need of needed) {
    if (need !== "parents" && need !== "params")
      throw new TypeError(`The handler "${name}" needs "${String(need)}": there is only "parents" and "params".`);
  }
  if (typeof definition.run !== "function") throw new TypeError(`The handler "${name}" has no run function.`);
  if (config !== undefined && config.kind !== "schema") throw new TypeError(`The config of the handler "${name}" is no valibot schema.`);
  const handler: Handler = {
    name,
    names: [...new Set([name, ...aliases])],
    needs: needed,
    config: config ?? null,
    // The schema has checked the config.
    run: (value, context) => definition.run(value as ConfigOf<Schema>, context),
  };
  defined.add(handler);
  return Object.freeze(handler);
}

/** Whether a module's export came from defineHandler. */
export function isHandler(value: unknown): value is Handler {
  return typeof value === "object" && value !== null && defined.has(value);
}

/** Options of a HandlerError: `retryable` (default true), and the earliest time of the next attempt in milliseconds from now. */
export type HandlerErrorOptions = {
  readonly message?: string | undefined;
  readonly retryable?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
};

/** An error that fails an attempt with a known reason. `code` is a short word for machines, such as `card_declined`. */
export class HandlerError extends Error {
  override readonly name = "HandlerError";
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: string, { message = code, retryable = true, retryAfterMs, cause }: HandlerErrorOptions = {}) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.retryable = retryable;
    this.retryAfterMs = retryAfterMs;
  }
}

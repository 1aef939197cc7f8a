/**
 * The node actor: it runs one attempt of a node, in a thread. It is small on purpose: a function with a signal and an
 * attempt's identity. It needs no mailbox, because nobody sends it messages, and no state, because its supervisor has that.
 */
import * as v from "valibot";
import type { Log, LogFields } from "../env/log/log.ts";
import type { Handler, HandlerContext, HandlerLog, Parent } from "../handlers/handler.ts";
import { RawJson } from "../handlers/raw-json.ts";
import type { Registry } from "../handlers/registry.ts";
import type { HandlerSettings } from "../handlers/settings.ts";
import type { Attempt, AttemptContext, NodeOutcome, RunAttempt, ScopeEntry, UnknownHandler } from "../pool/pool.ts";
import type { Failure } from "../workflow/execution/failure.ts";
import { idempotencyKeyOf } from "../workflow/execution/idempotency-key.ts";
import { isLonger, stringifyJson } from "../workflow/json/json.ts";
import { createParsedTexts } from "./parsed-texts.ts";
import { issueText } from "../workflow/json/received.ts";
import { type ParsedTexts, resolveConfig } from "../workflow/template/resolve.ts";
import { failureOf, lastingFailure } from "../handlers/failures.ts";

export type NodeActorOptions = Pick<HandlerSettings, "outputBytes" | "nesting"> & {
  /** The log of handlers' lines. The attempt's identity is added here. */
  readonly log: { with(fields: LogFields): HandlerLog };
  /** The log of failed attempts. */
  readonly failures: Pick<Log, "warn">;
};

/** The characters of ancestors' texts that a thread keeps parsed. The values take several times as much memory. */
const PARSED_CHARACTERS_MAX = 16 * 1024 * 1024;
const NULL_OUTPUT: NodeOutcome = { type: "completed", output: "null" };

/** The node actor of a thread. A handler that returns at once gives its outcome at once, without a promise. */
export function createNodeActor(registry: Registry, options: NodeActorOptions): RunAttempt {
  const parsed = createParsedTexts(PARSED_CHARACTERS_MAX);
  const own = { nesting: options.nesting, bytesMax: options.outputBytes };

  function run(attempt: Attempt, context: AttemptContext): ReturnType<RunAttempt> {
    const handler = registry.get(attempt.handler);
    if (handler === undefined) return { type: "unknown_handler" };
    const config = configOf(handler, attempt, context);
    if (!config.ok) return failed(config.failure);
    const answer = handler.run(config.config, new ActorContext(attempt, context, parsed, options.log));
    return isThenable(answer) ? settle(answer, attempt, context) : completed(answer, attempt);
  }

  async function settle(answer: PromiseLike<unknown>, attempt: Attempt, context: AttemptContext): Promise<NodeOutcome> {
    try {
      return told(completed(await answer, attempt), attempt, context);
    } catch (error) {
      // The handler rejected, or code inside its output (a getter, a toJSON) threw.
      return told(failed(failureOf(error)), attempt, context);
    }
  }

  function configOf(handler: Handler, attempt: Attempt, context: AttemptContext): Checked {
    if (attempt.config === null && handler.config === null) return { ok: true, config: {} };
    const resolved = resolveConfig(attempt, context, parsed, attempt.limits?.outputBytes ?? options.outputBytes);
    return !resolved.ok || handler.config === null ? resolved : checked(handler, resolved.config);
  }

  function completed(value: unknown, attempt: Attempt): NodeOutcome {
    if (value === null || value === undefined) return NULL_OUTPUT;
    const limits = attempt.limits === null ? own : { nesting: attempt.limits.nesting, bytesMax: attempt.limits.outputBytes };
    if (value instanceof RawJson) {
      if (!isLonger(value.text, limits.bytesMax)) return { type: "completed", output: value.text };
      return failed(lastingFailure("bad_output", "bad_output", `The output is larger than the limit of ${limits.bytesMax} bytes.`));
    }
    const output = stringifyJson(value, limits, "output");
    return output.ok
      ? { type: "completed", output: output.text }
      : failed(lastingFailure("bad_output", "bad_output", `The handler's ${output.reason}.`));
  }

  return (attempt, context) => {
    try {
      const outcome = run(attempt, context);
      return outcome instanceof Promise ? outcome : told(outcome, attempt, context);
    } catch (error) {
      // The handler threw, or code inside its output did.
      return told(failed(failureOf(error)), attempt, context);
    }
  };

  /** Logs a failure in its own thread, where writing the line delays nobody else. */
  function told<Answer extends NodeOutcome | UnknownHandler>(outcome: Answer, attempt: Attempt, context: AttemptContext): Answer {
    // An attempt that was told to stop fails as expected. Whoever told it says why.
    if (outcome.type === "failed" && !context.signal.aborted) {
      const { message, code, stack } = outcome.failure;
      const { handler } = attempt;
      const about = { ...identityOf(attempt, context), handler, code, error: message, ...(stack && { stack }) };
      options.failures.warn("An attempt failed.", about);
    }
    return outcome;
  }
}

function identityOf({ nodeId, attempt }: Attempt, { executionId }: AttemptContext): LogFields {
  return { execution: executionId, node: nodeId, attempt };
}

type Checked = { readonly ok: true; readonly config: Record<string, unknown> } | { readonly ok: false; readonly failure: Failure };

/** The config as the handler's schema wants it, or a failure that names each wrong field. */
function checked(handler: Handler, config: Record<string, unknown>): Checked {
  if (handler.config === null) return { ok: true, config };
  const result = v.safeParse(handler.config, config);
  if (result.success) return { ok: true, config: result.output as Record<string, unknown> };
  const faults = result.issues
    .slice(0, FAULTS_SHOWN)
    .map((issue) => `${["config", v.getDotPath(issue)].filter(Boolean).join(".")}: ${issueText(issue)}`);
  return {
    ok: false,
    failure: lastingFailure("bad_config", "bad_config", `The handler "${handler.name}" refused its config. ${faults.join("; ")}.`),
  };
}

const FAULTS_SHOWN = 10;

function failed(failure: Failure): NodeOutcome {
  return { type: "failed", failure };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { readonly then?: unknown }).then === "function";
}

/** The context that a handler is given. Parts that few handlers ask for are made when they are asked for. */
class ActorContext implements HandlerContext {
  readonly executionId: string;
  readonly nodeId: string;
  readonly attempt: number;
  readonly #attempt: Attempt;
  readonly #context: AttemptContext;
  readonly #parsed: ParsedTexts;
  readonly #log: NodeActorOptions["log"];

  constructor(attempt: Attempt, context: AttemptContext, parsed: ParsedTexts, log: NodeActorOptions["log"]) {
    this.executionId = context.executionId;
    this.nodeId = attempt.nodeId;
    this.attempt = attempt.attempt;
    this.#attempt = attempt;
    this.#context = context;
    this.#parsed = parsed;
    this.#log = log;
  }

  get idempotencyKey(): string {
    return idempotencyKeyOf(this.executionId, this.nodeId);
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  get log(): HandlerLog {
    return apartFrom(this.#log.with(identityOf(this.#attempt, this.#context)));
  }

  // Getters that return functions: a handler may take them out of its context, as in run(config, { parents }).
  get parents(): () => readonly Parent[] {
    return () => this.#attempt.parents.map((entry) => new ActorParent(this.executionId, entry, this.#parsed));
  }

  get paramsText(): () => string | null {
    return () => this.#attempt.params;
  }
}

/** The handler's log. Its fields stand apart, so that none of them can be mistaken for one of the engine's. */
function apartFrom(log: HandlerLog): HandlerLog {
  const own = (fields: LogFields | undefined): LogFields | undefined => fields && { fields };
  return {
    debug: (message, fields) => log.debug(message, own(fields)),
    info: (message, fields) => log.info(message, own(fields)),
    warn: (message, fields) => log.warn(message, own(fields)),
    error: (message, fields) => log.error(message, own(fields)),
  };
}

class ActorParent implements Parent {
  readonly id: string;
  readonly status: string;
  readonly text: string | null;
  readonly #key: string;
  readonly #parsed: ParsedTexts;

  constructor(executionId: string, { id, status, attempt, output }: ScopeEntry, parsed: ParsedTexts) {
    this.id = id;
    this.status = status;
    this.text = output;
    this.#key = `${executionId}/${id}/${attempt}`;
    this.#parsed = parsed;
  }

  get output(): unknown {
    return this.text === null ? null : this.#parsed.get(this.#key, this.text);
  }
}

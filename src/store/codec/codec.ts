/**
 * The text of a chunk: what the log keeps and what other systems read. Format version 1, documented in docs/events.md.
 *
 * The text is a JSON array with one event per line. Each event is a positional array that begins with a short word:
 *
 *     [["completed","a",1,1763700000000,1763700000450,0,{"any":"json"}],
 *     ["closed",1763700000451]]
 *
 * Nodes are named by id. Params and outputs stand in it as they came: they are written and taken out as slices and never parsed, so digits
 * beyond 2^53 and the order of keys survive. A line break can only be whitespace in JSON, so it is replaced by a space, and lines can be
 * told apart without parsing them.
 */
import type { Failure } from "../../workflow/execution/failure.ts";
import type { NodeIndex, Plan } from "../../workflow/plan/plan.ts";
import type { Cause, Text, WorkflowEvent } from "../../workflow/execution/messages.ts";
import { UnknownForm } from "../../workflow/execution/level.ts";
import { ChunkReader } from "./reader.ts";

/** Packs events into a chunk's text. Every time and number must be finite. */
export function encode(events: readonly WorkflowEvent[], plan: Plan): string {
  const lines = new Array<string>(events.length);
  for (let at = 0; at < events.length; at++) lines[at] = line(events[at] as WorkflowEvent, plan.ids);
  return `[${lines.join(",\n")}]`;
}

/** The chunk of this one event, which needs no plan. */
export function encodeOwnerDied(atMs: number, bootId: string): string {
  return `[${ownerDiedText(atMs, bootId)}]`;
}

/**
 * Unpacks a chunk's text and gives `visit` each event in order. Outputs are slices that keep the whole text in memory. Throws UnknownForm
 * if the text holds an event that this build does not know, and another error if it names a node that the plan does not have.
 */
export function decode(text: string, plan: Plan, visit: (event: WorkflowEvent) => void): void {
  const reader = new ChunkReader(text, plan.index);
  while (reader.nextLine()) visit(read(reader));
}

/** The line of one event, as one string: joining the parts at the end took two thirds of the time of all parts. */
function line(event: WorkflowEvent, ids: readonly string[]): string {
  switch (event.type) {
    case "AttemptCompleted":
      return `["completed",${head(ids, event)},${beganText(event.beganAtMs)},${atText(event.atMs)},${tail(event.output)}]`;
    case "AttemptFailed":
      return `["failed",${head(ids, event)},${beganText(event.beganAtMs)},${atText(event.atMs)},${JSON.stringify(event.failure)}]`;
    case "AttemptStarted":
      return `["begun",${head(ids, event)},${atText(event.atMs)},"${event.executor}"]`;
    case "AttemptLost":
      return `["lost",${head(ids, event)},${atText(event.atMs)},${event.death ? 1 : 0}]`;
    case "AttemptQueued":
      return `["queued",${head(ids, event)},${atText(event.atMs)}${event.noHandler ? ',"no_handler"' : ""}]`;
    case "RetryScheduled":
      return `["retry",${head(ids, event)},${event.dueAtMs}]`;
    case "ExecutionCreated":
      return JSON.stringify(["created", event.atMs, event.name, event.definition]);
    case "ExecutionTriggered":
      return `["triggered",${atText(event.atMs)},${event.params === null ? "0" : tail(event.params)}]`;
    case "ExecutionStarted":
      return `["started",${atText(event.atMs)}]`;
    case "ExecutionPaused":
      return `["paused",${atText(event.atMs)}]`;
    case "ExecutionDiscarded":
      return `["discard",${atText(event.atMs)}]`;
    case "ExecutionPrioritised":
      return `["priority",${atText(event.atMs)},${event.priority}]`;
    case "ExecutionResumed":
      return `["resumed",${atText(event.atMs)}]`;
    case "OwnerDied":
      return ownerDiedText(event.atMs, event.bootId);
    case "ExecutionFinished":
      if (event.error === null && event.cause === null) return `["finished",${atText(event.atMs)},"${event.status}",null,null]`;
      return JSON.stringify(["finished", event.atMs, event.status, event.error, event.cause && namedCause(event.cause, ids)]);
    case "ExecutionClosed":
      return `["closed",${atText(event.atMs)}]`;
    default:
      throw unknownEvent(event);
  }
}

function ownerDiedText(atMs: number, bootId: string): string {
  return JSON.stringify(["owner_died", atMs, bootId]);
}

/** The beginning of a line after its word: `"n",1` */
function head(ids: readonly string[], { node, attempt }: { readonly node: NodeIndex; readonly attempt: number }): string {
  return `"${ids[node] as string}",${attempt}`;
}

/** The end of a line: `0,{"any":"json"}`, or `70000` for a text that is kept apart (its bytes). */
function tail(text: Text): string {
  if (typeof text !== "string") return String(text.bytes);
  return `0,${text.includes("\n") ? text.replace(/[\n\r\t]/g, " ") : text}`;
}

/** Events of which only the time is told, by their words. */
const TIMED = {
  paused: "ExecutionPaused",
  resumed: "ExecutionResumed",
  discard: "ExecutionDiscarded",
  closed: "ExecutionClosed",
} as const;

function read(reader: ChunkReader): WorkflowEvent {
  const word = reader.word();
  switch (word) {
    case "completed":
      return {
        type: "AttemptCompleted",
        node: reader.node(),
        attempt: reader.number(),
        beganAtMs: reader.number(),
        atMs: reader.number(),
        output: reader.text() ?? "null",
      };
    case "failed":
      return {
        type: "AttemptFailed",
        node: reader.node(),
        attempt: reader.number(),
        beganAtMs: reader.number(),
        atMs: reader.number(),
        failure: JSON.parse(reader.rest()) as Failure,
      };
    case "begun":
      return { type: "AttemptStarted", node: reader.node(), attempt: reader.number(), atMs: reader.number(), executor: reader.word() };
    case "lost":
      return { type: "AttemptLost", node: reader.node(), attempt: reader.number(), atMs: reader.number(), death: reader.number() === 1 };
    case "queued":
      return {
        type: "AttemptQueued",
        node: reader.node(),
        attempt: reader.number(),
        atMs: reader.number(),
        noHandler: reader.hasMore && reader.word() === "no_handler",
      };
    case "retry":
      return { type: "RetryScheduled", node: reader.node(), attempt: reader.number(), dueAtMs: reader.number() };
    case "triggered":
      return { type: "ExecutionTriggered", atMs: reader.number(), params: reader.text() };
    case "started":
      return { type: "ExecutionStarted", atMs: reader.number() };
    case "priority":
      return { type: "ExecutionPrioritised", atMs: reader.number(), priority: reader.number() };
    case "paused":
    case "resumed":
    case "discard":
    case "closed":
      return { type: TIMED[word], atMs: reader.number() };
    case "created": {
      const [atMs, name, definition] = JSON.parse(`[${reader.rest()}]`) as [number, string, string];
      return { type: "ExecutionCreated", atMs, name, definition };
    }
    case "owner_died": {
      const [atMs, bootId] = JSON.parse(`[${reader.rest()}]`) as [number, string];
      return { type: "OwnerDied", bootId, atMs };
    }
    case "finished": {
      const [atMs, status, error, cause] = JSON.parse(`[${reader.rest()}]`) as [
        number,
        Finished["status"],
        string | null,
        NamedCause | null,
      ];
      return { type: "ExecutionFinished", atMs, status, error, cause: cause && { ...cause, node: reader.indexOf(cause.node) } };
    }
    default:
      throw new UnknownForm(`The log holds an event "${word}"`);
  }
}

type Finished = Extract<WorkflowEvent, { type: "ExecutionFinished" }>;
type NamedCause = Omit<Cause, "node"> & { readonly node: string };

function namedCause(cause: Cause, ids: readonly string[]): NamedCause {
  return { ...cause, node: ids[cause.node] as string };
}

function unknownEvent(event: never): Error {
  return new Error(`No chunk form for the event ${JSON.stringify(event)}.`);
}

/** Prints numbers and remembers the last one: events of a batch mostly share their times, and printing one costs 100 ns. */
function remembering(): (value: number) => string {
  let last = 0;
  let text = "0";
  return (value) => {
    if (value !== last) {
      last = value;
      text = String(value);
    }
    return text;
  };
}

const beganText = remembering();
const atText = remembering();

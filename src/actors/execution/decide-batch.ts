/** The decisions of a supervisor on its messages, and the events that follow, evolved and noted in a step. Nothing here acts. */
import type { ExecutionAttempts } from "../../pool/pool.ts";
import { largeKey } from "../../store/store.ts";
import { decide } from "../../workflow/execution/decide.ts";
import { evolve } from "../../workflow/execution/evolve.ts";
import { CLIENT_COMMANDS, type Receipt } from "../../workflow/execution/client-commands.ts";
import type { Command, Decision, Text, WorkflowEvent } from "../../workflow/execution/messages.ts";
import { at, type ExecutionState, nodeNamed } from "../../workflow/execution/state.ts";
import type { Ports } from "./ports.ts";
import { hasRoom, type Changeset } from "./changeset.ts";
import type { Decided, SupervisorMessage } from "./messages.ts";
import { outcomeCommand } from "./outcome-command.ts";

/** The supervisor that decides. */
export interface Decider {
  readonly id: string;
  readonly state: ExecutionState;
  readonly ports: Ports;
  readonly attempts: ExecutionAttempts;
  /** Notes the params of its trigger. */
  giveParams(params: string | null): void;
}

/**
 * The batch with hand-overs last: what a supervisor found out at its start may stand behind a hand-over that was asked for meanwhile, and
 * is part of what is handed over.
 */
export function handOverLast(batch: readonly SupervisorMessage[]): readonly SupervisorMessage[] {
  const handOver = batch.find(({ type }) => type === "HandOver");
  if (handOver === undefined || batch.at(-1) === handOver) return batch;
  return [...batch.filter((message) => message !== handOver), handOver];
}

/** Decides on the messages of `batch` from `first` on, as many as fit into one commit. Returns the position of the next one. */
export function decideBatch(decider: Decider, batch: readonly SupervisorMessage[], first: number, changeset: Changeset): number {
  let next = first;
  while (next < batch.length && changeset.handOver === null && hasRoom(changeset)) {
    const message = batch[next++] as SupervisorMessage;
    if (message.type === "HandOver") changeset.handOver = message;
    else if (message.type === "Resume") changeset.resumes = true;
    else decideMessage(decider, message, changeset);
  }
  return next;
}

/**
 * Records what has begun here and has no outcome yet: the next owner waits for it, for as long as this instance lives. So what is recorded
 * as running here and is not in hand is recorded as lost; otherwise the next owner would wait for ever.
 */
export function accountFor(decider: Decider, changeset: Changeset): void {
  const { state, attempts } = decider;
  const { bootId } = decider.ports;
  const inHand = new Set<string>();
  for (const { node, attempt, beganAtMs } of attempts.begun()) {
    inHand.add(`${node}/${attempt}`);
    record(decider, { type: "RecordStart", node, attempt, beganAtMs, executor: bootId }, changeset);
  }
  for (const [node, executor] of [...state.executorOf]) {
    const attempt = at(state.attempt, node);
    if (executor === bootId && !inHand.has(`${node}/${attempt}`))
      record(decider, { type: "LoseAttempt", node, attempt, death: false }, changeset);
  }
}

function decideMessage(decider: Decider, message: Decided, changeset: Changeset): void {
  const { state, ports } = decider;
  const command = commandOf(state, message);
  if (command === null) return ignored(message, changeset);
  const decision = decide(state, command, { nowMs: changeset.nowMs, random: ports.random.next() });
  apply(decider, decision, changeset);
  if (command.type === "Trigger" && decision.type === "events") triggered(decider, command.params, changeset);
  if (message.type === "Command") changeset.receipts.push({ message, receipt: receiptOf(command, decision, state) });
  if (command.type === "CompleteAttempt" || command.type === "FailAttempt" || command.type === "LoseAttempt")
    changeset.settled.push(command);
}

/** The receipt of a command. A command whose wish is true already is accepted too. Nobody asks for more of triggers and outcomes. */
function receiptOf(command: Command, decision: Decision, { status }: ExecutionState): Receipt {
  if (decision.type === "rejected") return decision;
  const isAsked = command.type !== "Trigger" && command.type in CLIENT_COMMANDS;
  return isAsked ? { type: "accepted", changed: decision.type === "events", status } : ACCEPTED;
}

const ACCEPTED: Receipt = { type: "accepted" };

/** Accepts the outcome of a node that this history does not have: nobody waits for it. */
function ignored(message: Decided, changeset: Changeset): void {
  if (message.type === "Command") changeset.receipts.push({ message, receipt: ACCEPTED });
}

/** Starts the execution at once if there is room. */
function triggered(decider: Decider, params: string | null, changeset: Changeset): void {
  decider.giveParams(params);
  if (decider.ports.admission.tryEnter(decider.id)) record(decider, { type: "Start" }, changeset);
}

/** Records what follows without chance. */
function record(decider: Decider, command: Command, changeset: Changeset): void {
  apply(decider, decide(decider.state, command, { nowMs: changeset.nowMs, random: 0 }), changeset);
}

function apply(decider: Decider, decision: Decision, changeset: Changeset): void {
  if (decision.type !== "events") return;
  for (const decided of decision.events) {
    const event = keptApart(decider, decided, changeset);
    evolve(decider.state, event);
    changeset.events.push(event);
  }
}

/** Null for the outcome of a node that this execution does not have. */
function commandOf(state: ExecutionState, message: Decided): Command | null {
  if (message.type !== "Command") return message;
  const { command } = message;
  if (command.type !== "Outcome") return command;
  const node = nodeNamed(state, command);
  return node === null ? null : outcomeCommand(node, command.attempt, command.beganAtMs, command.outcome);
}

/** The event as it goes into the log: a large text in it is kept apart. */
function keptApart(decider: Decider, event: WorkflowEvent, changeset: Changeset): WorkflowEvent {
  switch (event.type) {
    case "ExecutionTriggered": {
      if (typeof event.params !== "string") return event;
      const params = apart(decider, largeKey.params, event.params, changeset);
      return params === event.params ? event : { ...event, params };
    }
    case "AttemptCompleted": {
      if (typeof event.output !== "string") return event;
      changeset.bytes += event.output.length;
      if (!decider.ports.largeTexts.mayBeLarge(event.output)) return event;
      const output = apart(decider, largeKey.output(decider.state.plan.ids[event.node] ?? "", event.attempt), event.output, changeset);
      return output === event.output ? event : { ...event, output };
    }
    case "AttemptFailed":
      changeset.bytes += event.failure.stack?.length ?? 0;
      return event;
    default:
      return event;
  }
}

function apart({ id, ports }: Decider, key: string, text: string, changeset: Changeset): Text {
  const split = ports.largeTexts.split(key, text);
  if (split.apart !== null) {
    ports.largeTexts.keep(id, split.apart);
    changeset.large.push(split.apart);
  }
  return split.text;
}

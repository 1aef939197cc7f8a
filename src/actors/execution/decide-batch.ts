/** What a supervisor makes of its messages: decisions, and the events that follow, evolved and noted in a step. Nothing here acts. */
import type { ExecutionAttempts } from "../../pool/pool.ts";
import { largeKey } from "../../store/store.ts";
import { decide } from "../../workflow/execution/decide.ts";
import { evolve } from "../../workflow/execution/evolve.ts";
import type { Command, Decision, Text } from "../../workflow/execution/messages.ts";
import { at, type ExecutionState } from "../../workflow/execution/state.ts";
import type { Ports } from "./ports.ts";
import { hasRoom, type Changeset } from "./changeset.ts";
import type { Receipt } from "../../cluster/commands/receipt.ts";
import type { Decided, SupervisorMessage } from "./messages.ts";
import { outcomeCommand } from "./outcome-command.ts";

/** The supervisor that decides. */
export interface Decider {
  readonly id: string;
  readonly state: ExecutionState;
  readonly ports: Ports;
  readonly attempts: ExecutionAttempts;
  /** It was triggered with these params. */
  giveParams(params: string | null): void;
}

const DONE: Receipt = { type: "done" };

/** What a supervisor found out at its start may stand behind a hand-over that was asked for meanwhile: it is part of what is handed over. */
export function handOverLast(batch: readonly SupervisorMessage[]): readonly SupervisorMessage[] {
  const handOver = batch.find(({ type }) => type === "HandOver");
  if (handOver === undefined || batch.at(-1) === handOver) return batch;
  return [...batch.filter((message) => message !== handOver), handOver];
}

/** Decides on the messages of `batch` from `first` on, as many as fit into one commit. Answers which comes next. */
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
 * What has begun here and has no outcome yet is recorded: the next owner waits for it, for as long as this instance lives. So what
 * is recorded as running here and is not in hand is lost, or it would wait for ever.
 */
export function accountFor({ state, ports, attempts }: Decider, changeset: Changeset): void {
  const { bootId } = ports;
  const record = (command: Command): void => apply(state, decide(state, command, { nowMs: changeset.nowMs, random: 0 }), changeset);
  const inHand = new Set<string>();
  for (const { node, attempt, beganAtMs } of attempts.begun()) {
    inHand.add(`${node}/${attempt}`);
    record({ type: "RecordStart", node, attempt, beganAtMs, executor: bootId });
  }
  for (const [node, executor] of [...state.executorOf]) {
    const attempt = at(state.attempt, node);
    if (executor === bootId && !inHand.has(`${node}/${attempt}`)) record({ type: "LoseAttempt", node, attempt, death: false });
  }
}

function decideMessage(decider: Decider, message: Decided, changeset: Changeset): void {
  const { state, ports } = decider;
  const command = commandOf(decider, message, changeset);
  const decision = decide(state, command, { nowMs: changeset.nowMs, random: ports.random.next() });
  apply(state, decision, changeset);
  if (message.type === "Ask" || message.type === "Stored") {
    const receipt: Receipt = decision.type === "rejected" ? { type: "rejected", rejection: decision.rejection } : DONE;
    changeset.receipts.push({ message, receipt });
  }
  if (command.type === "CompleteAttempt" || command.type === "FailAttempt" || command.type === "LoseAttempt")
    changeset.settled.push(command);
}

function apply(state: ExecutionState, decision: Decision, changeset: Changeset): void {
  if (decision.type !== "events") return;
  for (const event of decision.events) {
    evolve(state, event);
    changeset.events.push(event);
  }
}

function commandOf(decider: Decider, message: Decided, changeset: Changeset): Command {
  if (message.type === "Ask") return triggerOf(decider, message.params, changeset);
  if (message.type !== "Stored") return keptApart(decider, message, changeset);
  const { body } = message;
  if (body.type === "trigger") return triggerOf(decider, body.params, changeset);
  return keptApart(decider, outcomeCommand(body.node, body.attempt, body.beganAtMs, body.outcome), changeset);
}

function triggerOf(decider: Decider, text: string | null, changeset: Changeset): Command {
  const { id, state, ports } = decider;
  if (state.triggeredAtMs !== null) return { type: "Trigger", params: null, admitted: false };
  decider.giveParams(text);
  const params = text === null ? null : apart(decider, largeKey.params, text, changeset);
  return { type: "Trigger", params, admitted: ports.admission.tryEnter(id) };
}

function keptApart(decider: Decider, command: Command, changeset: Changeset): Command {
  if (command.type === "FailAttempt") changeset.bytes += command.failure.stack?.length ?? 0;
  if (command.type !== "CompleteAttempt" || typeof command.output !== "string") return command;
  changeset.bytes += command.output.length;
  if (!decider.ports.largeTexts.mayBeLarge(command.output)) return command;
  const key = largeKey.output(decider.state.plan.ids[command.node] ?? "", command.attempt);
  const output = apart(decider, key, command.output, changeset);
  return output === command.output ? command : { ...command, output };
}

function apart({ id, ports }: Decider, key: string, text: string, changeset: Changeset): Text {
  const split = ports.largeTexts.split(key, text);
  if (split.apart !== null) {
    ports.largeTexts.keep(id, split.apart);
    changeset.large.push(split.apart);
  }
  return split.text;
}

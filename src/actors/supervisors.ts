/** The supervisors: the actor system with all of them, and what they share. */
import type { Clock } from "../env/clock.ts";
import type { Log } from "../env/log/log.ts";
import { logBursts } from "../env/log/bursts.ts";
import type { Random } from "../env/random.ts";
import type { Turns } from "../env/turns.ts";
import type { Pool } from "../pool/pool.ts";
import type { Committer } from "../store/committer.ts";
import { type Store, StoreUnavailable } from "../store/store.ts";
import type { Plan } from "../workflow/plan/plan.ts";
import { type Behaviour, type Gone, NotYet } from "./system/actor.ts";
import { ActorSystem } from "./system/actor-system.ts";
import { type Admission, createAdmission } from "./execution/admission.ts";
import { createLargeTexts } from "../store/large-texts.ts";
import { CreatedExecutions } from "./execution/created-executions.ts";
import type { Ports } from "./execution/ports.ts";
import { createRemovals } from "./execution/removals.ts";
import { startSupervisor } from "./execution/start-supervisor.ts";
import { SUPERVISOR_INTENSITY } from "./system/supervision.ts";
import type { Supervisor } from "./execution/supervisor.ts";
import type { Workload } from "./system/workload.ts";
import { createTimers, type Timers } from "../env/timers.ts";
import { type Answer, packReceipt } from "../cluster/commands/receipt.ts";
import type { CommandMessage, SupervisorMessage } from "./execution/messages.ts";

export type Supervisors = {
  readonly system: ActorSystem<SupervisorMessage, Supervisor>;
  readonly admission: Admission;
  readonly timers: Timers;
  readonly createdExecutions: CreatedExecutions;
  /** Whether the execution surely exists: it has an actor or was just created. */
  knows(executionId: string): boolean;
  /** Whether it surely has not ended: its end must still be committed here, and the waiters are told of it. False if that is not known. */
  isUnderWay(executionId: string): boolean;
};

export type SupervisorsOptions = {
  readonly store: Store;
  readonly pool: Pool;
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
  readonly log: Log;
  readonly maxRunningExecutions: number | null;
  readonly mailboxLimit: number;
  readonly workload: Workload;
  /** Called when an execution's supervisor found that its lane is another instance's, before this instance was told so. */
  readonly moved: (executionId: string) => void;
  /** The plan of a stored definition, kept by hash. */
  readonly planOf: (hash: string, definitionText: string) => Plan | Promise<Plan>;
} & Pick<
  Ports,
  | "handlers"
  | "bootId"
  | "ownedLaneOf"
  | "shared"
  | "isAlive"
  | "isOutboxFull"
  | "claimsOf"
  | "remoteAttempts"
  | "ownerDeaths"
  | "readTriggerParams"
>;

const LARGE_TEXTS_BYTES = 64 * 1024 * 1024;

export function startSupervisors(options: SupervisorsOptions): Supervisors {
  const { store, clock, turns, log, ownedLaneOf } = options;
  const timers = createTimers(clock);
  const admission = createAdmission(options.maxRunningExecutions);
  const largeTexts = createLargeTexts(store, LARGE_TEXTS_BYTES);
  const createdExecutions = new CreatedExecutions(clock, largeTexts);
  const failures = logBursts(log, clock);
  const ports: Ports = {
    ...options,
    failures,
    timers,
    admission,
    removals: createRemovals(store, clock),
    largeTexts,
    createdExecutions,
    async load(id) {
      const stored = await store.load(id);
      if (stored === null) return null;
      const { definition } = stored.summary;
      return { definition, plan: await options.planOf(definition, stored.definitionText), chunks: stored.chunks };
    },
  };
  const behaviour = behaviourOf(ports, options.moved);
  const mailboxes = { turns, limit: options.mailboxLimit, workload: options.workload };
  const system = new ActorSystem({ behaviour, intensity: SUPERVISOR_INTENSITY, mailboxes, clock, turns, log: failures });
  return {
    system,
    admission,
    timers,
    createdExecutions,
    knows: (id) => system.has(id) || createdExecutions.has(id, ownedLaneOf(id)),
    isUnderWay(id) {
      const ownedLane = ownedLaneOf(id);
      return system.actor(id)?.isUnderWay ?? (ownedLane?.trusted() === true && createdExecutions.has(id, ownedLane));
    },
  };
}

/** The behaviour of supervisors for the actor system: how one begins, and what becomes of messages that reach none. */
function behaviourOf(ports: Ports, moved: SupervisorsOptions["moved"]): Behaviour<SupervisorMessage, Supervisor> {
  const { admission, remoteAttempts, ownedLaneOf } = ports;

  /** Forgets what is in hand of an execution that the store does not have: nobody waits for it. */
  function forgotten(id: string): null {
    admission.leave(id);
    remoteAttempts.discard({ id, name: "" });
    return null;
  }

  return {
    start(self) {
      const supervisor = startSupervisor(ports, self);
      return supervisor instanceof Promise ? supervisor.then((found) => found ?? forgotten(self.id)) : supervisor;
    },
    mayWait: (error) => error instanceof StoreUnavailable || error instanceof NotYet,
    undeliverable(id, message, why) {
      if (message.type === "HandOver") message.done(why === "stopped");
      else if (message.type === "Command") answerUndelivered(message, answerFor(why), ownedLaneOf(id)?.committer);
    },
    // A stalled execution need not wait for room. When it goes on, it does so even if there is none.
    stalled: (id) => admission.leave(id),
    moved(id) {
      admission.leave(id);
      moved(id);
    },
  };
}

/**
 * Answers a command for an execution that is gone. If it stands in the store it is answered there too; otherwise it would stay for ever.
 */
function answerUndelivered(command: CommandMessage, its: Answer, committer: Committer | undefined): void {
  // Stopped in the moment that it came, stalled, or moved: a stored command is read again, here or by the next owner.
  if (command.id === null || its.type !== "unknown") return command.answer(its);
  if (committer === undefined) return command.answer(MOVED);
  void committer
    .answer([{ commandId: command.id, receipt: packReceipt(its) }])
    .then((result) => command.answer(result.type === "applied" ? its : MOVED));
}

const MOVED: Answer = { type: "moved" };

function answerFor(why: Gone | "stalled"): Answer {
  switch (why) {
    case "unknown":
    case "moved":
      return { type: why };
    case "stopped":
    case "stalled":
      return { type: "unavailable", reason: `The execution's supervisor is ${why}.` };
  }
}

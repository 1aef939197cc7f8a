/** The troupe itself: the actor system with its supervisors, and what they share. */
import type { Clock } from "../env/clock.ts";
import type { Log } from "../env/log.ts";
import type { Random } from "../env/random.ts";
import type { Turns } from "../env/turns.ts";
import type { Pool } from "../pool/pool.ts";
import { BoundedCache } from "../store/bounded-cache.ts";
import { encode } from "../store/codec.ts";
import { type LargeText, largeKey, type NewExecution, type Store, StoreUnavailable } from "../store/store.ts";
import { evolve } from "../workflow/evolve.ts";
import type { Plan } from "../workflow/graph.ts";
import type { WorkflowEvent } from "../workflow/messages.ts";
import { initialState } from "../workflow/state.ts";
import { type ActorSystem, createActorSystem, type Gone } from "./actor.ts";
import { type Admission, createAdmission } from "./admission.ts";
import { createLargeTexts } from "./large-texts.ts";
import type { LoadedExecution, Ports, Receipt, Stored, SupervisorMessage, Tenure } from "./ports.ts";
import { summaryOf } from "./summary.ts";
import { SUPERVISOR_INTENSITY } from "./supervision.ts";
import { startSupervisor } from "./supervisor.ts";
import { createTimers, type Timers } from "./timers.ts";

export type Company = {
  readonly system: ActorSystem<SupervisorMessage>;
  readonly admission: Admission;
  readonly timers: Timers;
  /** The first chunk and the summary of an execution that is to be created. `trigger`: it is triggered in the same act. */
  newExecution(
    id: string,
    definition: { readonly text: string; readonly hash: string; readonly plan: Plan },
    trigger: { readonly params: string | null } | null,
    bodyHash: string,
  ): NewExecution;
  /** The store has it: its supervisor, when it comes under this tenure, need not read it. */
  created(execution: NewExecution, plan: Plan, tenure: Tenure): void;
  /** Whether it surely exists: it has an actor or was just created. */
  knows(executionId: string): boolean;
};

export type CompanyOptions = {
  readonly store: Store;
  readonly pool: Pool;
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
  readonly log: Log;
  readonly maxRunningExecutions: number | null;
  readonly mailboxLimit: number;
  /** An execution's supervisor found that its lane is another instance's, before this one was told so. */
  readonly moved: (executionId: string) => void;
  /** The plan of a stored definition; kept by hash. */
  readonly planOf: (hash: string, definitionText: string) => Plan;
} & Pick<Ports, "catalog" | "bootId" | "tenureOf" | "shared" | "isAlive" | "isHeld" | "claimsOf" | "errands" | "ownerDeaths">;

type Fresh = LoadedExecution & { readonly tenure: Tenure };

const LARGE_TEXTS_BYTES = 64 * 1024 * 1024;
/** Roughly what new executions may take until somebody triggers them; those that were not have to be read then. */
const NEW_EXECUTIONS_CHARACTERS = 32 * 1024 * 1024;
const NEW_EXECUTION_COST = 1_024;

export function startCompany(options: CompanyOptions): Company {
  const { store, clock, turns, log } = options;
  const timers = createTimers(clock);
  const admission = createAdmission(options.maxRunningExecutions);
  const largeTexts = createLargeTexts(store, LARGE_TEXTS_BYTES);
  /** Created here and not yet loaded. */
  const fresh = new BoundedCache<Fresh>(NEW_EXECUTIONS_CHARACTERS);

  /** What has been another instance's meanwhile is read anew. */
  function isFresh(id: string): boolean {
    const tenure = fresh.get(id)?.tenure;
    return tenure !== undefined && tenure === options.tenureOf(id);
  }

  const ports: Ports = {
    ...options,
    timers,
    admission,
    largeTexts,
    async load(id) {
      const known = isFresh(id) ? fresh.get(id) : undefined;
      fresh.delete(id);
      if (known !== undefined) return known;
      const stored = await store.load(id);
      if (stored === null) return null;
      const { definition } = stored.summary;
      return { definition, plan: options.planOf(definition, stored.definitionText), chunks: stored.chunks };
    },
  };

  const system = createActorSystem<SupervisorMessage>({
    behaviour: {
      async start(self) {
        const supervisor = await startSupervisor(ports, self);
        // The store has forgotten it: what is in hand nobody waits for.
        if (supervisor === null) {
          admission.leave(self.id);
          options.errands.discard({ id: self.id, name: "" });
        }
        return supervisor;
      },
      mayWait: (error) => error instanceof StoreUnavailable,
      undeliverable(message, why) {
        if (message.type === "Ask") message.reply(receiptFor(why));
        else if (message.type === "HandOver") message.done(why === "stopped");
        else if (message.type === "Stored") undelivered(message, why);
      },
      // Whoever waits for room need not wait for it; when it goes on, it goes on also where there is none.
      stalled: (id) => admission.leave(id),
      moved(id) {
        admission.leave(id);
        options.moved(id);
      },
    },
    intensity: SUPERVISOR_INTENSITY,
    mailboxLimit: options.mailboxLimit,
    clock,
    turns,
    log,
  });

  /** A command for an execution that is gone is answered all the same, or it would stand in the store for ever. */
  function undelivered({ commandId, execution, done }: Stored, why: Gone | "stalled"): void {
    const committer = why === "unknown" ? options.tenureOf(execution)?.committer : undefined;
    // Stopped in the moment that it came, stalled, or moved: it is read again, here or by the next owner.
    if (committer === undefined) return done(false);
    void committer.answer([{ commandId, receipt: JSON.stringify(receiptFor(why)) }]).then((result) => done(result === "applied"));
  }

  return {
    system,
    admission,
    timers,
    newExecution(id, { text, hash, plan }, trigger, bodyHash) {
      const atMs = clock.nowMs();
      const events: WorkflowEvent[] = [{ type: "ExecutionCreated", atMs, name: plan.name, definition: hash }];
      const large: LargeText[] = [];
      if (trigger !== null) {
        const split = trigger.params === null ? null : largeTexts.split(largeKey.params, trigger.params);
        if (split !== null && split.apart !== null) large.push(split.apart);
        events.push({ type: "ExecutionTriggered", atMs, params: split === null ? null : split.text });
      }
      const state = initialState(plan);
      for (const event of events) evolve(state, event);
      return {
        summary: summaryOf(id, state, hash),
        chunk: { from: 1, to: events.length, text: encode(events, plan) },
        definitionText: text,
        large,
        bodyHash,
      };
    },
    created(execution, plan, tenure) {
      const { summary, chunk, definitionText, large } = execution;
      for (const each of large) largeTexts.keep(summary.id, each);
      const cost = NEW_EXECUTION_COST + chunk.text.length + definitionText.length;
      fresh.set(summary.id, { definition: summary.definition, plan, chunks: [chunk], tenure }, cost);
    },
    knows: (id) => system.has(id) || isFresh(id),
  };
}

function receiptFor(why: Gone | "stalled"): Receipt {
  switch (why) {
    case "unknown":
    case "moved":
      return { type: why };
    case "stopped":
    case "stalled":
      return { type: "unavailable", reason: `The execution's supervisor is ${why}.` };
  }
}

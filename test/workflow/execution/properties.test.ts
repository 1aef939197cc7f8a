/** What holds for every graph and every order of events. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ClientCommand } from "../../../src/workflow/execution/client-commands.ts";
import { decide } from "../../../src/workflow/execution/decide.ts";
import { evolve } from "../../../src/workflow/execution/evolve.ts";
import type { Plan } from "../../../src/workflow/plan/plan.ts";
import type { Command, Effect, WorkflowEvent } from "../../../src/workflow/execution/messages.ts";
import { react } from "../../../src/workflow/execution/react.ts";
import { recover } from "../../../src/workflow/execution/recover.ts";
import { at, type ExecutionState, initialState } from "../../../src/workflow/execution/state.ts";
import { isTerminal, NodeCode } from "../../../src/workflow/execution/status.ts";
import { boom } from "./given.ts";
import { planOf } from "../plan/plans.ts";

/** Each node may depend on those before it. */
const plans: fc.Arbitrary<Plan> = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 14 }).map((wishes) =>
  planOf(
    wishes.map((wish, node) => ({
      id: `n${node}`,
      after: node === 0 ? [] : [...new Set(wish.map((number) => `n${number % node}`))].slice(0, 3),
      retry: { maxAttempts: 2 },
    })),
  ),
);

/** A number a step: which of the possible commands comes next. */
const choices = fc.array(fc.nat(), { minLength: 1, maxLength: 120 });

/** One of each command of a client: the compiler names what is missing. */
const WANTED: { readonly [Type in ClientCommand["type"]]: Extract<ClientCommand, { readonly type: Type }> } = {
  Trigger: { type: "Trigger", params: null },
  Cancel: { type: "Cancel", reason: null },
  Pause: { type: "Pause" },
  Resume: { type: "Resume" },
  Prioritise: { type: "Prioritise", priority: 3 },
  Discard: { type: "Discard" },
};

/** What could be said next: by the client, by threads, by timers, by a new owner; stale and doubled words too. */
function possible(state: ExecutionState): Command[] {
  const commands: Command[] = [
    ...Object.values(WANTED),
    { type: "Prioritise", priority: 7 },
    { type: "Start" },
    { type: "RecordOwnerDeath", bootId: "dead" },
    { type: "Close" },
  ];
  for (let node = 0; node < state.plan.ids.length; node++) {
    for (const attempt of [at(state.attempt, node), at(state.begun, node)]) {
      commands.push({ type: "CompleteAttempt", node, attempt, beganAtMs: 1, output: "null" });
      commands.push({ type: "CompleteAttempt", node, attempt, beganAtMs: 1, output: "null" });
      commands.push({ type: "FailAttempt", node, attempt, beganAtMs: 1, failure: boom });
      commands.push({ type: "LoseAttempt", node, attempt, death: true });
      commands.push({ type: "RecordStart", node, attempt, beganAtMs: 1, executor: "boot-1" });
      commands.push({ type: "FireRetry", node, attempt });
    }
  }
  return commands;
}

/** Plays the choices; `seen` is told of each event after it was applied. */
function play(plan: Plan, picks: readonly number[], seen?: (event: WorkflowEvent, state: ExecutionState) => void): ExecutionState {
  const state = initialState(plan);
  for (const pick of picks) {
    const all = possible(state);
    const effective = all.filter((command) => decide(state, command, { nowMs: 1, random: 0.5 }).type === "events");
    // Mostly something that moves the execution on, else it would hardly get anywhere.
    const commands =
      pick % 4 === 0 || effective.length === 0 ? all : effective.filter(({ type }) => type !== "Cancel" && type !== "Discard");
    const command = commands[Math.floor(pick / 4) % commands.length];
    if (command === undefined) continue;
    const decision = decide(state, command, { nowMs: 1, random: 0.5 });
    if (decision.type !== "events") continue;
    for (const event of decision.events) {
      evolve(state, event);
      seen?.(event, state);
    }
  }
  return state;
}

/** Runs an execution to its end: every effect is performed, in the order that `picks` draws. */
function run(plan: Plan, picks: readonly number[], fails: boolean): { state: ExecutionState; completed: number[] } {
  const state = initialState(plan);
  const completed: number[] = [];
  const todo: Command[] = [{ type: "Trigger", params: null }];
  for (let step = 0; todo.length > 0; step++) {
    const [command] = todo.splice((picks[step % picks.length] ?? 0) % todo.length, 1);
    if (command === undefined) break;
    const decision = decide(state, command, { nowMs: 1, random: 0.5 });
    if (decision.type !== "events") continue;
    for (const event of decision.events) evolve(state, event);
    for (const event of decision.events) if (event.type === "AttemptCompleted") completed.push(event.node);
    for (const effect of decision.events.flatMap((event) => open(event, state))) {
      if (effect.type === "StartAttempt") {
        const { node, attempt } = effect;
        const outcome: Command =
          fails && (picks[(step + node) % picks.length] ?? 0) % 5 === 0
            ? { type: "FailAttempt", node, attempt, beganAtMs: 1, failure: boom }
            : { type: "CompleteAttempt", node, attempt, beganAtMs: 1, output: "null" };
        // Delivered twice: a doubled outcome changes nothing.
        todo.push(outcome, outcome);
      }
      if (effect.type === "Admit") todo.push({ type: "Start" });
      if (effect.type === "StartTimer") todo.push({ type: "FireRetry", node: effect.node, attempt: effect.attempt });
      if ((effect.type === "TakeBack" || effect.type === "Abort") && !state.closed) todo.push({ type: "Close" });
    }
  }
  return { state, completed };
}

/** The effect of an event as single acts: "the dependents that are ready" becomes one start each. */
function open(event: WorkflowEvent, state: ExecutionState): Effect[] {
  const effect = react(event);
  // Whatever it reorders is what was open before.
  if (effect === null || effect.type === "Reorder") return [];
  const { plan } = state;
  const ready = (nodes: Iterable<number>): Effect[] =>
    [...nodes]
      .filter((node) => state.nodeStatus[node] === NodeCode.QUEUED)
      .map((node) => ({ type: "StartAttempt", node, attempt: at(state.attempt, node) }));
  if (effect.type === "StartRoots") return ready(plan.ids.keys().filter((node) => plan.level[node] === 0));
  if (effect.type === "StartDependents") {
    return ready(plan.dependents.subarray(at(plan.dependentStart, effect.node), at(plan.dependentStart, effect.node + 1)));
  }
  return [effect];
}

/** Keeps the effects that are open: what an event opens, and what it closes. */
class Ledger {
  readonly #nodes = new Map<number, Effect>();
  #execution: Effect | null = null;

  note(event: WorkflowEvent, state: ExecutionState): void {
    switch (event.type) {
      case "AttemptStarted":
      case "AttemptCompleted":
      case "AttemptFailed":
      case "AttemptLost":
      case "AttemptQueued":
        this.#nodes.delete(event.node);
        break;
      case "ExecutionStarted":
        this.#execution = null;
        break;
      case "ExecutionPaused":
        // What was to start waits for the resume.
        for (const [node, effect] of this.#nodes) if (effect.type === "StartAttempt") this.#nodes.delete(node);
        break;
      case "ExecutionResumed":
        this.#execution = null;
        for (const effect of recover(state)) this.#keep(effect);
        return;
      case "ExecutionFinished":
      case "ExecutionClosed":
        this.#nodes.clear();
        break;
      case "OwnerDied":
        // A new owner performs `recover` because of it, so all that was open is opened anew.
        this.#nodes.clear();
        for (const effect of recover(state)) this.#keep(effect);
        break;
      default:
        break;
    }
    if (isTerminal(state.status) && event.type !== "ExecutionFinished" && event.type !== "ExecutionClosed") return;
    for (const effect of open(event, state)) if (effect.type !== "StartAttempt" || state.status !== "PAUSED") this.#keep(effect);
  }

  #keep(effect: Effect): void {
    if ("node" in effect) this.#nodes.set(effect.node, effect);
    else this.#execution = effect;
  }

  get effects(): Effect[] {
    return [...this.#nodes.values(), ...(this.#execution === null ? [] : [this.#execution])];
  }
}

const sorted = (effects: readonly Effect[]): string[] => effects.map((effect) => JSON.stringify(effect)).sort();

/** Runs an execution that is paused and resumed, over and over; what had not begun by a pause is taken back. */
function runWithPauses(plan: Plan, picks: readonly number[]): { state: ExecutionState; begunPaused: number } {
  const state = initialState(plan);
  const inHand = new Set<string>();
  let todo: Command[] = [{ type: "Trigger", params: null }];
  let begunPaused = 0;
  const perform = (effect: Effect): void => {
    if (effect.type === "Admit") todo.push({ type: "Start" });
    if (effect.type === "StartTimer") todo.push({ type: "FireRetry", node: effect.node, attempt: effect.attempt });
    if (effect.type === "Resume") for (const each of recover(state)) perform(each);
    if (effect.type === "Hold") {
      const stays = (_: Command, at: number) => (picks[at % picks.length] ?? 0) % 2 === 0;
      const isOutcome = ({ type }: Command) => type === "CompleteAttempt" || type === "FailAttempt";
      const kept = todo.filter((command, at) => !isOutcome(command) || stays(command, at));
      for (const command of todo) if (!kept.includes(command) && "node" in command) inHand.delete(`${command.node}`);
      todo = kept;
    }
    if (effect.type !== "StartAttempt" || state.status === "PAUSED" || inHand.has(`${effect.node}`)) return;
    const { node, attempt } = effect;
    inHand.add(`${node}`);
    if (state.status !== "RUNNING") begunPaused += 1;
    const fails = (picks[(node + attempt) % picks.length] ?? 0) % 5 === 0 && attempt === 1;
    todo.push(
      fails
        ? { type: "FailAttempt", node, attempt, beganAtMs: 1, failure: boom }
        : { type: "CompleteAttempt", node, attempt, beganAtMs: 1, output: "null" },
    );
  };
  for (let step = 0; step < 2_000 && (todo.length > 0 || state.status === "PAUSED"); step++) {
    const pick = picks[step % picks.length] ?? 0;
    const other: Command | null =
      todo.length === 0 || pick % 4 === 0 ? { type: "Resume" } : pick % 4 === 1 && step < 300 ? { type: "Pause" } : null;
    const command = other ?? todo.splice(pick % todo.length, 1)[0] ?? { type: "Resume" };
    const decision = decide(state, command, { nowMs: 1, random: 0.5 });
    if (decision.type !== "events") continue;
    if (command.type === "CompleteAttempt" || command.type === "FailAttempt") inHand.delete(`${command.node}`);
    for (const event of decision.events) evolve(state, event);
    for (const effect of decision.events.flatMap((event) => open(event, state))) perform(effect);
  }
  return { state, begunPaused };
}

describe("for every graph", () => {
  test("every node completes once and never before its dependencies", () => {
    fc.assert(
      fc.property(plans, choices, (plan, picks) => {
        const { state, completed } = run(plan, picks, false);
        expect([state.status, state.closed]).toEqual(["COMPLETED", true]);
        expect([...completed].sort((a, b) => a - b)).toEqual([...plan.ids.keys()]);
        const position = new Map(completed.map((node, order) => [node, order]));
        for (let node = 0; node < plan.ids.length; node++) {
          for (const dependency of plan.dependencies.subarray(at(plan.dependencyStart, node), at(plan.dependencyStart, node + 1))) {
            expect(position.get(dependency)).toBeLessThan(position.get(node) ?? -1);
          }
        }
      }),
    );
  });

  test("an execution with failures ends COMPLETED or FAILED, is closed, and leaves nothing open", () => {
    fc.assert(
      fc.property(plans, choices, (plan, picks) => {
        const { state } = run(plan, picks, true);
        expect(["COMPLETED", "FAILED"]).toContain(state.status);
        expect([state.closed, state.open]).toEqual([true, 0]);
        expect(recover(state)).toEqual([{ type: "Forget" }]);
      }),
    );
  });

  test("an execution that is paused and resumed, however often, ends as one that is not", () => {
    fc.assert(
      fc.property(plans, choices, (plan, picks) => {
        const { state, begunPaused } = runWithPauses(plan, [...picks, 3, 2]);
        expect([state.status, state.closed, state.open, begunPaused]).toEqual(["COMPLETED", true, 0, 0]);
      }),
    );
  });

  test("recover, from state alone, gives the effects that events have opened and not yet closed", () => {
    fc.assert(
      fc.property(plans, choices, (plan, picks) => {
        const ledger = new Ledger();
        const state = play(plan, picks, (event, now) => ledger.note(event, now));
        expect(sorted(recover(state))).toEqual(sorted(ledger.effects));
      }),
      { numRuns: 500 },
    );
  });

  test("the counters are what a scan of the nodes would count", () => {
    fc.assert(
      fc.property(plans, choices, (plan, picks) => {
        const state = play(plan, picks);
        const count = (...codes: readonly number[]): number =>
          state.nodeStatus.reduce((sum, code) => sum + (codes.includes(code) ? 1 : 0), 0);
        expect(state.completed).toBe(count(NodeCode.COMPLETED));
        expect(state.failed).toBe(count(NodeCode.FAILED));
        expect(state.open).toBe(count(NodeCode.QUEUED, NodeCode.RUNNING, NodeCode.RETRYING));
      }),
      { numRuns: 500 },
    );
  });

  test("a terminal status never changes", () => {
    fc.assert(
      fc.property(plans, choices, (plan, picks) => {
        let ended: string | null = null;
        play(plan, picks, (_, state) => {
          if (ended !== null) expect<string>(state.status).toBe(ended);
          if (isTerminal(state.status)) ended = state.status;
        });
      }),
      { numRuns: 500 },
    );
  });
});

/** Checks definitions: small ones at once, and each text once; large ones in a thread that lives while there is work for it. */
import type { Clock } from "../env/clock.ts";
import { leftGarbage } from "../env/garbage.ts";
import { hashOf } from "../env/ids.ts";
import { type DefinitionOptions, type DefinitionResult, parseDefinition, type Warning } from "../workflow/definition.ts";
import type { Plan } from "../workflow/graph.ts";
import { unpackPlan } from "../workflow/plan-pack.ts";
import { CheckedDefinitions } from "./checked-definitions.ts";
import type { CheckAnswer, CheckOrder, CheckerSettings } from "./definition-thread.ts";

/** A definition that passed every check. `text` is what is stored; `hash` is that text's. */
export type CheckedDefinition = {
  readonly text: string;
  readonly hash: string;
  readonly plan: Plan;
  readonly warnings: readonly Warning[];
};
export type CheckResult =
  | { readonly ok: true; readonly definition: CheckedDefinition }
  /** kind: `syntax` (not JSON, too deep) → 400; `shape` (wrong types) → 422; `structure` (cycle, unknown dependency …) → 400. */
  | Extract<DefinitionResult, { ok: false }>;

export type DefinitionChecker = {
  /** Never throws for bad input; rejects only where the thread dies twice over one definition. */
  check(text: string, form: DefinitionOptions["form"]): Promise<CheckResult>;
  /** The catalog has changed: what was checked before is checked again. */
  renewed(): void;
  close(): void;
};

export type CheckerOptions = {
  readonly definitions: Omit<DefinitionOptions, "form">;
  readonly clock: Clock;
  /** Texts from this many characters on are checked in the thread. */
  readonly largeFrom?: number;
};

/** Some milliseconds of work. */
const LARGE_FROM = 256 * 1024;
const IDLE_MS = 10_000;
/** What a large text leaves here, in its own size: its bytes, the text, what crossed to the thread and back. */
const COPIES = 4;
/** Of each form: texts of small definitions that are kept with their plans. */
const KEPT_CHARACTERS = 4 * 1024 * 1024;

type Waiting = {
  readonly order: CheckOrder;
  readonly resolve: (result: CheckResult) => void;
  readonly reject: (error: Error) => void;
  deaths: number;
};

export function createDefinitionChecker({ definitions, clock, largeFrom = LARGE_FROM }: CheckerOptions): DefinitionChecker {
  const waiting = new Map<number, Waiting>();
  let checkedBefore = nothingChecked();
  let thread: Worker | null = null;
  let numbers = 0;
  let cancelIdle: (() => void) | null = null;

  function checkHere(text: string, form: DefinitionOptions["form"]): CheckResult {
    const result = parseDefinition(text, { ...definitions, form });
    if (!result.ok) return result;
    const checked: CheckResult = { ok: true, definition: { ...result, hash: hashOf(result.text) } };
    checkedBefore[form].keep(text, checked);
    return checked;
  }

  function start(): Worker {
    const started = new Worker(new URL("./definition-thread.ts", import.meta.url).href);
    started.postMessage(settingsNow());
    started.onmessage = ({ data }: MessageEvent<CheckAnswer>) => answered(data);
    started.onerror = (event) => {
      event.preventDefault();
      if (thread === started) died(event.message);
    };
    return started;
  }

  function settingsNow(): CheckerSettings {
    return { ...definitions, catalog: [...definitions.catalog] };
  }

  function send(order: CheckOrder): void {
    cancelIdle?.();
    cancelIdle = null;
    thread ??= start();
    thread.postMessage(order);
  }

  function answered({ number, result }: CheckAnswer): void {
    const asked = waiting.get(number);
    waiting.delete(number);
    leftGarbage(COPIES * (asked?.order.text.length ?? 0));
    if (waiting.size === 0) cancelIdle = clock.after(IDLE_MS, end);
    asked?.resolve(result.ok ? { ok: true, definition: { ...result, plan: unpackPlan(result.plan) } } : result);
  }

  /** What it had in hand is asked once more of another thread. */
  function died(reason: string): void {
    thread?.terminate();
    thread = null;
    for (const asked of [...waiting.values()]) {
      asked.deaths += 1;
      if (asked.deaths === 1) send(asked.order);
      else {
        waiting.delete(asked.order.number);
        asked.reject(new Error(`The definition could not be checked: ${reason}`));
      }
    }
  }

  function end(): void {
    cancelIdle = null;
    thread?.terminate();
    thread = null;
  }

  return {
    check(text, form) {
      if (text.length < largeFrom) return Promise.resolve(checkedBefore[form].get(text) ?? checkHere(text, form));
      return new Promise((resolve, reject) => {
        const order: CheckOrder = { number: ++numbers, text, form };
        waiting.set(order.number, { order, resolve, reject, deaths: 0 });
        send(order);
      });
    },
    renewed() {
      checkedBefore = nothingChecked();
      thread?.postMessage(settingsNow());
    },
    close() {
      cancelIdle?.();
      end();
      for (const asked of waiting.values()) asked.reject(new Error("The server is stopping."));
      waiting.clear();
    },
  };
}

function nothingChecked(): Record<DefinitionOptions["form"], CheckedDefinitions<CheckResult>> {
  return { workflow: new CheckedDefinitions(KEPT_CHARACTERS), steps: new CheckedDefinitions(KEPT_CHARACTERS) };
}

/** The checks of clients' definitions: a small one at once and only once, a large one or one that is much work in the thread. */
import { BoundedCache } from "../../env/bounded-cache.ts";
import { hashOf } from "../../env/ids.ts";
import type { Catalog } from "../../workflow/definition/catalog.ts";
import { type DefinitionOptions, parseDefinition } from "../../workflow/definition/definition.ts";
import { unpackPlan } from "../../workflow/plan/pack.ts";
import type { CheckResult } from "../answers.ts";
import type { OrderThread } from "./order-thread.ts";

export type Checks = {
  check(text: string, form: DefinitionOptions["form"]): Promise<CheckResult>;
  /** The catalog has changed: what was checked before is checked again. */
  renewed(): void;
};

export type ChecksOptions = {
  readonly definitions: Omit<DefinitionOptions, "form" | "catalog">;
  /** The handlers that a definition may name now. */
  readonly catalog: () => Catalog;
  readonly thread: OrderThread;
  /** The number of characters from which a text is read in the thread. */
  readonly largeFrom: number;
  /** The steps through the graph above which work is done in the thread. */
  readonly stepsHere: number;
};

/** The characters of small definitions that are kept with their plans, for each form. A plan takes a few times its text. */
const KEPT_CHARACTERS = 4 * 1024 * 1024;

export function createChecks({ definitions, catalog, thread, largeFrom, stepsHere }: ChecksOptions): Checks {
  let checkedBefore = nothingChecked();

  function checkHere(text: string, form: DefinitionOptions["form"]): CheckResult | Promise<CheckResult> {
    const result = parseDefinition(text, { ...definitions, catalog: catalog(), form }, { stepsMax: stepsHere });
    if (!result.ok) return result.exhausted === true ? checkThere(text, form) : result;
    const checked: CheckResult = { ok: true, definition: { ...result, hash: hashOf(result.text) } };
    if (text.length <= KEPT_CHARACTERS / 2) checkedBefore[form].set(text, checked, text.length);
    return checked;
  }

  async function checkThere(text: string, form: DefinitionOptions["form"]): Promise<CheckResult> {
    const result = await thread.ask({ kind: "check", form }, text);
    return result.ok ? { ok: true, definition: { ...result, plan: unpackPlan(result.plan) } } : result;
  }

  return {
    async check(text, form) {
      if (text.length >= largeFrom) return checkThere(text, form);
      return checkedBefore[form].get(text) ?? checkHere(text, form);
    },
    renewed() {
      checkedBefore = nothingChecked();
    },
  };
}

/** Checked definitions by their exact text: a client that sends the same one thousands of times has it checked once. */
function nothingChecked(): Record<DefinitionOptions["form"], BoundedCache<CheckResult>> {
  const kept = (): BoundedCache<CheckResult> => new BoundedCache(KEPT_CHARACTERS);
  return { workflow: kept(), overridable: kept(), steps: kept() };
}

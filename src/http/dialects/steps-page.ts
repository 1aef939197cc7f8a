/** One page of the older system's list, whose elements are whole workflows: bounded by its size, not by their number alone. */
import type { Engine, ExecutionView, Summary } from "../../engine/engine.ts";
import type { Texts } from "../answer/long-text.ts";
import { stepsTexts } from "./steps-json.ts";

/** `taken`: how many of the summaries, from the first, the page covers. */
export type StepsPage = { readonly views: readonly ExecutionView[]; readonly taken: number };

/** A page has at least one element where there is any, and ends before it gets larger than PAGE_BYTES. */
export async function stepsPage(engine: Engine, summaries: readonly Summary[]): Promise<StepsPage> {
  const views: ExecutionView[] = [];
  let bytes = 0;
  let taken = 0;
  while (taken < summaries.length) {
    for (const view of await Promise.all(summaries.slice(taken, taken + AT_ONCE).map(({ id }) => engine.view(id)))) {
      // null: deleted since the list was made.
      bytes += view === null ? 0 : bytesOf(view);
      if (bytes > PAGE_BYTES && views.length > 0) return { views, taken };
      if (view !== null) views.push(view);
      taken++;
    }
  }
  return { views, taken };
}

export async function* stepsPageTexts(engine: Engine, views: readonly ExecutionView[]): Texts {
  yield "[";
  for (const [position, view] of views.entries()) {
    if (position > 0) yield ",";
    yield* stepsTexts(engine, view);
  }
  yield "]";
}

const PAGE_BYTES = 16 * 1024 * 1024;
/** So many views are asked for together. */
const AT_ONCE = 16;
/** What is written for a node beside its output, about. */
const NODE_BYTES = 100;

function bytesOf({ nodes }: ExecutionView): number {
  return nodes.reduce((sum, { output, outputBytes }) => sum + NODE_BYTES + (outputBytes ?? output?.length ?? 0), NODE_BYTES);
}

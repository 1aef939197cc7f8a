/** One page of the older system's list, whose elements are whole workflows: limited by its size, not only by their number. */
import type { Engine, ExecutionView, Summary } from "../../engine/engine.ts";
import type { Texts } from "../answer/long-text.ts";
import { stepsTexts } from "./steps-json.ts";

/** A page. `taken`: the number of summaries, from the first, that it covers. */
export type StepsPage = { readonly views: readonly ExecutionView[]; readonly taken: number };

/** Makes a page. It has at least one element if there is any, and ends before it gets larger than PAGE_BYTES. */
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
/** The number of views that are asked for together. */
const AT_ONCE = 16;
/** The approximate bytes of a node beside its output. */
const NODE_BYTES = 100;

function bytesOf({ nodes }: ExecutionView): number {
  return nodes.reduce((sum, { output, outputBytes }) => sum + NODE_BYTES + (outputBytes ?? output?.length ?? 0), NODE_BYTES);
}

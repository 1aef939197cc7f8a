/** One page of the older system's list, whose elements are whole workflows: bounded by its size, not by their number alone. */
import type { Engine, Summary } from "../../engine.ts";
import { stepsJson } from "./steps-json.ts";

/** `taken`: how many of the summaries, from the first, the page covers. */
export type StepsPage = { readonly text: string; readonly taken: number };

/** A page has at least one element where there is any, and ends before it gets larger than PAGE_CHARACTERS. */
export async function stepsPage(engine: Engine, summaries: readonly Summary[]): Promise<StepsPage> {
  const elements: string[] = [];
  let characters = 0;
  let taken = 0;
  while (taken < summaries.length) {
    const views = await Promise.all(summaries.slice(taken, taken + AT_ONCE).map(({ id }) => engine.view(id)));
    for (const view of views) {
      // null: deleted since the list was made.
      const element =
        view === null
          ? null
          : stepsJson(
              view,
              view.nodes.map((node) => node.output),
            );
      characters += element?.length ?? 0;
      if (characters > PAGE_CHARACTERS && elements.length > 0) return { text: `[${elements.join(",")}]`, taken };
      if (element !== null) elements.push(element);
      taken++;
    }
  }
  return { text: `[${elements.join(",")}]`, taken };
}

const PAGE_CHARACTERS = 16 * 1024 * 1024;
/** So many views are asked for together. */
const AT_ONCE = 16;

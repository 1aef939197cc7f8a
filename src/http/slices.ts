/** Long loops in slices, so that one large answer does not hold up all the others. */
import type { Turns } from "../env/turns.ts";

/** One slice takes 1 to 2 ms with what is done per node here. */
const SLICE = 2_000;

/** Runs `each` for all items in order, with a turn of the event loop after every slice but the last. */
export async function inSlices<T>(items: readonly T[], turns: Turns, each: (item: T, position: number) => void): Promise<void> {
  for (let from = 0; from < items.length; from += SLICE) {
    if (from > 0) await new Promise<void>((resolve) => turns.run(resolve));
    const to = Math.min(items.length, from + SLICE);
    for (let position = from; position < to; position++) each(items[position] as T, position);
  }
}

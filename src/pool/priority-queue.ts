/** A queue with higher priorities first, then in order of arrival: one line for each priority from 0 to 10. */

const PRIORITIES = 11;
/** The number of used places at the front after which a line is cut, so that it does not grow for ever. */
const CUT_AFTER = 4096;

type Line<T> = { items: (T | undefined)[]; head: number };

/** The queue. Its operations cost the same however much waits. Priorities outside 0 to 10 count as the nearest. */
export class PriorityQueue<T> {
  readonly #lines: readonly Line<T>[] = Array.from({ length: PRIORITIES }, () => ({ items: [], head: 0 }));
  /** The highest line that holds anything. */
  #top = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: T, priority: number): void {
    this.#line(priority).items.push(item);
    this.#size += 1;
  }

  /** Puts items of one priority before all others of it, in the given order. */
  putBack(items: readonly T[], priority: number): void {
    const line = this.#line(priority);
    line.items = [...items, ...line.items.slice(line.head)];
    line.head = 0;
    this.#size += items.length;
  }

  shift(): T | undefined {
    for (let priority = this.#top; priority >= 0; priority -= 1) {
      const line = this.#lines[priority] as Line<T>;
      if (line.head < line.items.length) {
        this.#top = priority;
        this.#size -= 1;
        return take(line);
      }
    }
    this.#top = 0;
    return undefined;
  }

  /** Takes the one that would come last. */
  pop(): T | undefined {
    const line = this.#lines.find(({ items, head }) => head < items.length);
    if (line === undefined) return undefined;
    this.#size -= 1;
    const item = line.items.pop();
    if (line.head === line.items.length) {
      line.items.length = 0;
      line.head = 0;
    }
    return item;
  }

  /** Drops what `keep` refuses. */
  prune(keep: (item: T) => boolean): void {
    this.#size = 0;
    for (const line of this.#lines) {
      line.items = line.items.slice(line.head).filter((item) => item !== undefined && keep(item));
      line.head = 0;
      this.#size += line.items.length;
    }
  }

  #line(priority: number): Line<T> {
    const place = Math.min(PRIORITIES - 1, Math.max(0, Math.trunc(priority)));
    if (place > this.#top) this.#top = place;
    return this.#lines[place] as Line<T>;
  }
}

function take<T>(line: Line<T>): T | undefined {
  const item = line.items[line.head];
  line.items[line.head] = undefined;
  line.head += 1;
  if (line.head === line.items.length) {
    line.items.length = 0;
    line.head = 0;
  } else if (line.head >= CUT_AFTER && line.head * 2 >= line.items.length) {
    line.items = line.items.slice(line.head);
    line.head = 0;
  }
  return item;
}

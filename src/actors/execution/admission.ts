/**
 * Admission: how many executions may be RUNNING at once here (MAX_CONCURRENT_WORKFLOWS), and which comes next: by priority (0 to 10, higher
 * first), then by time.
 */

export type Admission = {
  /** Begins to admit. Before that everybody waits: everything that was running or waiting before a restart must be known first. */
  open(): void;
  /** Takes room if there is some, and returns whether it did. An execution that is admitted already stays so. */
  tryEnter(id: string): boolean;
  /** Takes room even if there is none: what was RUNNING when it was taken over goes on. */
  enter(id: string): void;
  /** Calls `admitted` once there is room, which is then taken. An execution waits only once. */
  wait(place: { readonly id: string; readonly priority: number; readonly triggeredAtMs: number; readonly admitted: () => void }): void;
  /** Gives back the room, or the place in line. */
  leave(id: string): void;
  readonly running: number;
  readonly waiting: number;
};

type Place = Parameters<Admission["wait"]>[0];

/** An admission. `limit`: null for no limit. */
export function createAdmission(limit: number | null): Admission {
  const inside = new Set<string>();
  /** One line for each priority. A Map keeps the order of arrival, which is the order of triggers once it is open. */
  const lines = Array.from({ length: PRIORITY_MAX + 1 }, () => new Map<string, Place>());
  let waiting = 0;
  let isOpen = false;
  const room = (): boolean => isOpen && (limit === null || inside.size < limit);

  function takeOut(id: string): void {
    if (waiting === 0) return;
    for (const line of lines) if (line.delete(id)) waiting -= 1;
  }

  function next(): void {
    while (waiting > 0 && room()) {
      const place = first(lines);
      takeOut(place.id);
      inside.add(place.id);
      place.admitted();
    }
  }

  return {
    open() {
      isOpen = true;
      for (const line of lines) {
        const places = [...line.values()].sort((left, right) => left.triggeredAtMs - right.triggeredAtMs);
        line.clear();
        for (const place of places) line.set(place.id, place);
      }
      next();
    },
    tryEnter(id) {
      if (inside.has(id)) return true;
      // Earlier ones go first.
      if (waiting > 0 || !room()) return false;
      inside.add(id);
      return true;
    },
    enter(id) {
      takeOut(id);
      inside.add(id);
    },
    wait(place) {
      if (inside.has(place.id)) return place.admitted();
      takeOut(place.id);
      lines[place.priority]?.set(place.id, place);
      waiting += 1;
      next();
    },
    leave(id) {
      takeOut(id);
      if (inside.delete(id)) next();
    },
    get running() {
      return inside.size;
    },
    get waiting() {
      return waiting;
    },
  };
}

const PRIORITY_MAX = 10;

function first(lines: readonly ReadonlyMap<string, Place>[]): Place {
  for (let priority = PRIORITY_MAX; priority >= 0; priority--) {
    for (const place of lines[priority]?.values() ?? []) return place;
  }
  throw new Error("Nobody stands in line.");
}

/**
 * Rings that wait to be sent together. Equal rings become one. The number of ids is limited: further ones are left out and
 * found by a look.
 */
import type { Ring } from "../doorbell.ts";

export type GatheredRings = {
  add(ring: Ring): void;
  readonly empty: boolean;
  /** Takes all of them. `leftOut`: the number of ids that were too many. */
  take(): { readonly rings: readonly Ring[]; readonly leftOut: number };
};

const IDS_MAX = 5_000;

export function createGatheredRings(idsMax = IDS_MAX): GatheredRings {
  const commands = new Set<number>();
  /** Lanes with offers, and whether some of these are attempts that the owner cannot run. */
  const offers = new Map<number, boolean>();
  const born = new Map<number, string[]>();
  const answered = new Map<number, string[]>();
  let ended: string[] = [];
  let members = false;
  let ids = 0;
  let leftOut = 0;

  /** As many ids as there is room for. */
  function admitted(more: readonly string[]): readonly string[] {
    const fitting = more.slice(0, idsMax - ids);
    ids += fitting.length;
    leftOut += more.length - fitting.length;
    return fitting;
  }

  function addTo(lanes: Map<number, string[]>, lane: number, more: readonly string[]): void {
    const fitting = admitted(more);
    const there = lanes.get(lane);
    if (there !== undefined) there.push(...fitting);
    else if (fitting.length > 0) lanes.set(lane, [...fitting]);
  }

  return {
    add(ring) {
      switch (ring.type) {
        case "commands":
          return void commands.add(ring.lane);
        case "offers":
          return void offers.set(ring.lane, ring.away === true || offers.get(ring.lane) === true);
        case "born":
          return addTo(born, ring.lane, ring.executions);
        case "answered":
          return addTo(answered, ring.lane, ring.commands);
        case "ended":
          return void ended.push(...admitted(ring.executions));
        case "members":
          members = true;
      }
    },
    get empty() {
      return !members && ended.length === 0 && commands.size + offers.size + born.size + answered.size === 0;
    },
    take() {
      const rings: Ring[] = [];
      if (members) rings.push({ type: "members" });
      for (const lane of commands) rings.push({ type: "commands", lane });
      for (const [lane, executions] of born) rings.push({ type: "born", lane, executions });
      for (const [lane, those] of answered) rings.push({ type: "answered", lane, commands: those });
      if (ended.length > 0) rings.push({ type: "ended", executions: ended });
      for (const [lane, away] of offers) rings.push(away ? { type: "offers", lane, away } : { type: "offers", lane });
      const taken = { rings, leftOut };
      for (const each of [commands, offers, born, answered]) each.clear();
      [ended, members, ids, leftOut] = [[], false, 0, 0];
      return taken;
    },
  };
}

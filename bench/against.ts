/** A run beside an earlier one: each figure as a multiple of what it was, so that above 1 is better whatever is measured. */
import { METRICS } from "./metrics.ts";
import { median, nameOf, type Results } from "./results.ts";
import { aligned, shown } from "./table.ts";

/** Lines for a terminal. Two runs were not measured side by side: what differs by less than the spread of the rounds says nothing. */
export function comparisonOf(now: Results, earlier: Results): string {
  const then = new Map(earlier.figures.map((figure) => [`${nameOf(figure)} ${figure.metric}`, figure]));
  const rows = now.figures.flatMap((figure) => {
    const before = then.get(`${nameOf(figure)} ${figure.metric}`);
    if (before === undefined) return [];
    const [was, is] = [median(before.rounds), median(figure.rounds)];
    const isApart = Math.min(...figure.rounds) > Math.max(...before.rounds) || Math.max(...figure.rounds) < Math.min(...before.rounds);
    const times = METRICS[figure.metric].better === "higher" ? is / was : was / is;
    return [
      [
        nameOf(figure),
        figure.metric,
        shown(was, figure.metric),
        shown(is, figure.metric),
        `${times.toFixed(2)} ×`,
        isApart ? "" : "within the spread",
      ],
    ];
  });
  if (rows.length === 0) return `Nothing of this run is in the earlier one (${earlier.commit}, ${earlier.startedAt}).`;
  return aligned([["case", "", `${earlier.commit}`, `${now.commit}`, "better by", ""], ...rows]);
}

/** Stacked bars in panels, each panel with an axis of its own: what the whole is made of. */
import { element, INK, label, type Sheet, SIDE, sheet } from "./svg.ts";

export type BarsPlot = Pick<Sheet, "title" | "subtitle" | "caption"> & {
  /** Of the axes. */
  readonly unit: string;
  readonly parts: readonly { readonly name: string; readonly hue: string }[];
  readonly panels: readonly {
    readonly name: string;
    /** One value for each part. */
    readonly bars: readonly { readonly name: string; readonly values: readonly number[] }[];
  }[];
};

const WIDTH = 880;
const LEFT = 130;
const RIGHT = WIDTH - 90;
const BAR = 22;
const BAR_STEP = 34;
const PANEL_HEAD = 40;
const PANEL_FOOT = 34;
const TOP = 104;
const TICKS = 5;

/** The file. */
export function barsPlot({ parts, panels, unit, ...head }: BarsPlot): string {
  const marks: string[] = legend(parts);
  let top = TOP;
  for (const { name, bars } of panels) {
    const totals = bars.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
    const step = niceStep(Math.max(...totals) / TICKS);
    const most = Math.ceil(Math.max(...totals) / step) * step;
    const along = (value: number): number => LEFT + (value / most) * (RIGHT - LEFT);
    const bottom = top + PANEL_HEAD + bars.length * BAR_STEP;
    marks.push(label(SIDE, top + 18, name, { "font-weight": 600 }));
    for (let tick = 0; tick <= most + step / 2; tick += step)
      marks.push(
        element("line", { x1: along(tick), x2: along(tick), y1: top + PANEL_HEAD - 8, y2: bottom, stroke: INK.grid }),
        label(along(tick), bottom + 16, shownTick(tick, step), { "text-anchor": "middle", "font-size": 12, fill: INK.soft }),
      );
    marks.push(label(RIGHT + 22, bottom + 16, unit, { "font-size": 12, fill: INK.soft }));
    bars.forEach((bar, at) => {
      const y = top + PANEL_HEAD + at * BAR_STEP;
      marks.push(label(LEFT - 10, y + BAR - 6, bar.name, { "text-anchor": "end" }), ...stacked(bar.values, parts, y, along));
      const total = totals[at] ?? 0;
      marks.push(label(along(total) + 8, y + BAR - 6, shownTotal(total), { "font-weight": 600 }));
    });
    top = bottom + PANEL_FOOT;
  }
  return sheet({ ...head, width: WIDTH, height: top + 20 + head.caption.length * 16 }, marks);
}

function stacked(values: readonly number[], parts: BarsPlot["parts"], y: number, along: (value: number) => number): string[] {
  let from = 0;
  return values.flatMap((value, part) => {
    const [start, end] = [along(from), along(from + value)];
    from += value;
    if (end - start < 0.5) return [];
    return [
      element("rect", {
        x: start,
        y,
        width: end - start,
        height: BAR,
        fill: parts[part]?.hue ?? INK.soft,
        stroke: INK.paper,
        "stroke-width": 1,
      }),
    ];
  });
}

function legend(parts: BarsPlot["parts"]): string[] {
  let x = SIDE;
  return parts.flatMap(({ name, hue }) => {
    const at = x;
    x += 34 + name.length * 7.4;
    return [element("rect", { x: at, y: 72, width: 12, height: 12, rx: 2, fill: hue }), label(at + 18, 83, name)];
  });
}

/** 1, 2 or 5 times a power of ten, from `least` on. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5, 10].find((times) => times * power >= least) ?? 10);
}

function shownTick(value: number, step: number): string {
  return value.toFixed(step < 1 ? 1 : 0);
}

function shownTotal(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}

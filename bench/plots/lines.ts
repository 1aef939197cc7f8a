/** Lines over two logarithmic axes, each named at its end, with the spread of its points; and single points of others beside them. */
import { element, HUES, INK, label, type Sheet, SIDE, sheet } from "./svg.ts";

export type Point = { readonly x: number; readonly y: number; readonly low: number; readonly high: number };

export type LinesPlot = Pick<Sheet, "title" | "subtitle" | "caption"> & {
  /** Ticks are its values. */
  readonly x: { readonly name: string; readonly ticks: readonly number[] };
  readonly y: { readonly name: string };
  readonly lines: readonly { readonly name: string; readonly hue: string; readonly points: readonly Point[] }[];
  readonly marks: readonly { readonly name: string; readonly x: number; readonly y: number }[];
};

const WIDTH = 880;
const HEIGHT = 556;
const PLOT = { left: 96, right: WIDTH - 150, top: 106, bottom: HEIGHT - 100 };
const NAME_GAP = 17;
const ASIDE = 4;
/** With more of them only the powers of ten are drawn. */
const STEPS_MOST = 11;

/** The file. */
export function linesPlot({ x, y, lines, marks, ...head }: LinesPlot): string {
  const heights = [...lines.flatMap(({ points }) => points.flatMap(({ low, high }) => [low, high])), ...marks.map((mark) => mark.y)];
  const least = Math.min(...heights);
  const steps = stepsAround(least, Math.max(...heights, least * 1.01));
  const [lowest = 1, highest = 10] = [steps[0], steps.at(-1)];
  const along = scale(Math.min(...x.ticks), Math.max(...x.ticks), PLOT.left + 24, PLOT.right - 8);
  const up = scale(lowest, highest, PLOT.bottom, PLOT.top);
  const names = lines.flatMap(({ name, hue, points }) => {
    const last = points.at(-1);
    return last === undefined ? [] : [{ name, hue, x: along(last.x), y: up(last.y) }];
  });
  return sheet({ ...head, width: WIDTH, height: HEIGHT }, [
    ...steps.filter((value) => steps.length <= STEPS_MOST || isPowerOfTen(value)).flatMap((value) => horizontal(up(value), value)),
    ...x.ticks.flatMap((value) => vertical(along(value), value)),
    label(PLOT.left + (PLOT.right - PLOT.left) / 2, PLOT.bottom + 44, x.name, { "text-anchor": "middle", fill: INK.soft }),
    label(SIDE, PLOT.top - 14, y.name, { fill: INK.soft }),
    // Beside one another, or the spread of one would stand over another's.
    ...lines.flatMap(({ hue, points }, at) => drawn(hue, points, (value) => along(value) + (at - (lines.length - 1) / 2) * ASIDE, up)),
    ...apart(names).map((each) => label(each.x + 16, each.y + 4, each.name, { fill: each.hue, "font-weight": 600 })),
    ...apart(marks.map((mark) => ({ ...mark, x: along(mark.x), y: up(mark.y), at: up(mark.y) }))).flatMap((mark) => [
      element("path", { d: diamond(mark.x, mark.at), fill: HUES.grey }),
      label(mark.x + 11, mark.y + 4, mark.name, { fill: HUES.grey, "font-size": 12 }),
    ]),
  ]);
}

function drawn(hue: string, points: readonly Point[], along: Scale, up: Scale): string[] {
  const path = points.map((point, at) => `${at === 0 ? "M" : "L"}${along(point.x).toFixed(1)} ${up(point.y).toFixed(1)}`).join(" ");
  return [
    element("path", { d: path, fill: "none", stroke: hue, "stroke-width": 2.5, "stroke-linejoin": "round" }),
    ...points.flatMap(({ x, y, low, high }) => [
      element("line", { x1: along(x), x2: along(x), y1: up(low), y2: up(high), stroke: hue, "stroke-width": 1.5, opacity: 0.6 }),
      element("circle", { cx: along(x), cy: up(y), r: 4, fill: hue, stroke: INK.paper, "stroke-width": 1.5 }),
    ]),
  ];
}

function horizontal(y: number, value: number): string[] {
  return [
    element("line", { x1: PLOT.left, x2: PLOT.right, y1: y, y2: y, stroke: INK.grid }),
    label(PLOT.left - 10, y + 4, value.toLocaleString("en"), { "text-anchor": "end", "font-size": 12, fill: INK.soft }),
  ];
}

function vertical(x: number, value: number): string[] {
  return [
    element("line", { x1: x, x2: x, y1: PLOT.bottom, y2: PLOT.bottom + 5, stroke: INK.axis }),
    label(x, PLOT.bottom + 21, value.toLocaleString("en"), { "text-anchor": "middle", "font-size": 12, fill: INK.soft }),
  ];
}

type Scale = (value: number) => number;

function scale(from: number, to: number, start: number, end: number): Scale {
  const [low, high] = [Math.log10(from), Math.log10(to)];
  return (value) => start + ((Math.log10(value) - low) / (high - low)) * (end - start);
}

/** 1, 2 and 5 times the powers of ten, from at most the lowest to at least the highest. */
function stepsAround(lowest: number, highest: number): number[] {
  const steps: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(lowest)); (steps.at(-1) ?? 0) < highest; power *= 10) {
    for (const times of [1, 2, 5]) {
      if (times * power <= lowest) steps.length = 0;
      if ((steps.at(-1) ?? 0) < highest) steps.push(times * power);
    }
  }
  return steps;
}

function isPowerOfTen(value: number): boolean {
  return Number.isInteger(Math.log10(value));
}

/** Names that would cover one another are moved: each at least a line below the one above it. */
function apart<Name extends { readonly y: number }>(names: readonly Name[]): Name[] {
  const sorted = names.toSorted((a, b) => a.y - b.y);
  let free = Number.NEGATIVE_INFINITY;
  const placed = sorted.map((name) => {
    const y = Math.max(name.y, free);
    free = y + NAME_GAP;
    return { ...name, y };
  });
  const below = (placed.at(-1)?.y ?? 0) - PLOT.bottom;
  return below > 0 ? placed.map((name) => ({ ...name, y: name.y - below })) : placed;
}

function diamond(x: number, y: number): string {
  return `M${(x - 6).toFixed(1)} ${y.toFixed(1)} l6 -6 l6 6 l-6 6 Z`;
}

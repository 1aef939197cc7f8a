/** SVG as text, and the sheet that every plot stands on: its own background, so that it can be read on light pages and on dark ones. */

export type Attributes = Readonly<Record<string, string | number>>;

/** `<name attributes>children</name>`. Children are SVG; texts go through `label`. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? Number(value.toFixed(2)) : escaped(value)}"`)
    .join("");
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("\n")}</${name}>`;
}

export function label(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element("text", { x, y, fill: INK.strong, "font-size": 13, ...attributes }, escaped(text));
}

export const INK = { strong: "#1f2328", soft: "#59636e", grid: "#e4e7eb", axis: "#8c959f", paper: "#ffffff" } as const;

/** Told apart also by those who see no red or green. */
export const HUES = { blue: "#0072b2", green: "#009e73", orange: "#d55e00", purple: "#7b3fa0", sky: "#7fbfe6", grey: "#3d444d" } as const;

export type Sheet = {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** One line: what was done. */
  readonly subtitle: string;
  /** Of the machine and the day, as lines that fit. */
  readonly caption: readonly string[];
};

export const SIDE = 20;

/** The whole file. `marks`: what is drawn on it. */
export function sheet({ width, height, title, subtitle, caption }: Sheet, marks: readonly string[]): string {
  const bottom = height - 14 - (caption.length - 1) * 16;
  const svg = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": `${title}. ${subtitle}`,
      "font-family": "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', sans-serif",
    },
    element("rect", { x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 8, fill: INK.paper, stroke: "#d0d7de" }),
    label(SIDE, 32, title, { "font-size": 18, "font-weight": 600 }),
    label(SIDE, 53, subtitle, { fill: INK.soft }),
    ...marks,
    ...caption.map((line, at) => label(SIDE, bottom + at * 16, line, { "font-size": 11, fill: INK.soft })),
  );
  return `${svg}\n`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Writes docs/configuration.md from the table of settings. A test holds the page to it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SETTINGS, type Setting } from "../src/env/config/settings.ts";

const PAGE = join(import.meta.dir, "../docs/configuration.md");

const HEAD = `# Configuration

Troupe is configured by environment variables (Bun also reads them from a \`.env\` file in the folder where it starts). Nothing has to be set.

- All of them are checked at start; every wrong one is named in one message, and nothing starts.
- An empty variable counts as unset. Where a line has several names, the first that is set wins.
- An unknown variable that begins with \`APP_\` is warned of.
- A duration is written with its unit: \`500ms\`, \`30s\`, \`1h30m\`. A bare number is seconds, unless the line says otherwise. A size: \`500KiB\`, \`32MiB\`, or a number of bytes.

<!-- Made by \`npm run docs\` from src/env/config/settings.ts: change it there. -->
`;

/** The page's text. */
export function configurationPage(): string {
  const settings: readonly Setting<unknown>[] = Object.values(SETTINGS);
  const sections = [...new Set(settings.map(({ section }) => section))];
  return `${HEAD}${sections.map((section) => sectionOf(section, settings)).join("")}`;
}

function sectionOf(section: string, settings: readonly Setting<unknown>[]): string {
  const rows = settings.filter((setting) => setting.section === section).map(rowOf);
  return `\n## ${section}\n\n| variable | value | default | meaning |\n|---|---|---|---|\n${rows.join("\n")}\n`;
}

function rowOf({ names, defaultText, doc, kind }: Setting<unknown>): string {
  return `| ${names.map((name) => `\`${name}\``).join(", ")} | ${shortly(kind.expected)} | ${defaultText} | ${doc} |`;
}

/** How durations and sizes are written, the head of the page says once. */
function shortly(expected: string): string {
  return expected.replace(/^(a duration|a size) such as .*$/, "$1");
}

if (import.meta.main) writeFileSync(PAGE, configurationPage());

/** Writes docs/configuration.md from the table of settings. A test holds the page to it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SETTINGS, type Setting } from "../src/env/config/settings.ts";

const PAGE = join(import.meta.dir, "../docs/configuration.md");

const HEAD = `# Configuration

You configure Troupe with environment variables. You need to set none. Bun also reads them from a \`.env\` file in the folder where
it starts.

- The server checks all of them at its start. If some are wrong, it names them all in one message and does not start.
- An empty variable counts as not set. If a line has several names, the first one that is set counts.
- The server warns about unknown variables that begin with \`APP_\`.
- Write a duration with its unit: \`500ms\`, \`30s\`, \`1h30m\`. A number without a unit is seconds, unless the line says otherwise.
- Write a size as \`500KiB\`, \`32MiB\`, or a number of bytes.

<!-- Made by \`npm run docs\` from src/env/config/settings.ts: change it there. -->
`;

/** The text of the page. */
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

/** A kind's description without the examples of durations and sizes, which the head of the page gives once. */
function shortly(expected: string): string {
  return expected.replace(/^(a duration|a size) such as .*$/, "$1");
}

if (import.meta.main) writeFileSync(PAGE, configurationPage());

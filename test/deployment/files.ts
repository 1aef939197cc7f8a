/** The files of the deployment, read for what they say: the Dockerfile's instructions, the compose file, the names of settings. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { SETTINGS, type Setting } from "../../src/env/config/settings.ts";

export const root = join(import.meta.dir, "../..");

export type Instruction = { readonly word: string; readonly text: string };

export type ComposeService = {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly volumes: readonly string[];
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly tmpfs?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
};

export type Compose = {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

export function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

/** In order; lines that go on are joined. */
export function dockerInstructions(): Instruction[] {
  const lines = read("Dockerfile")
    .replace(/\\\n\s*/g, "")
    .split("\n");
  return lines
    .filter((line) => /^[A-Z]+ /.test(line))
    .map((line) => ({ word: line.slice(0, line.indexOf(" ")), text: line.slice(line.indexOf(" ") + 1).trim() }));
}

/** The list in an instruction of the exec form, `CMD ["bun", "…"]`, also where flags stand before it. */
export function execForm(text: string): string[] {
  return JSON.parse(text.slice(text.indexOf("["))) as string[];
}

export function compose(): Compose {
  return parse(read("docker-compose.yml"), { merge: true }) as Compose;
}

/** Every name that a setting is known by. */
export function settingNames(): Set<string> {
  return new Set(Object.values<Setting<unknown>>(SETTINGS).flatMap(({ names }) => names));
}

/** Rings as a text between instances, and the reading of such a text. */
import type { Ring } from "../doorbell.ts";

export type RingMessage = { readonly from: string; readonly rings: readonly Ring[] };

export function writeRings(message: RingMessage): string {
  return JSON.stringify(message);
}

/** The rings in a text; null if it is no message of ours. Unknown rings are left out and counted: a newer instance may send them. */
export function readRings(text: string): (RingMessage & { readonly unknown: number }) | null {
  const message = parsed(text);
  if (!isObject(message) || typeof message.from !== "string" || !Array.isArray(message.rings)) return null;
  const rings = message.rings.filter(isRing);
  return { from: message.from, rings, unknown: message.rings.length - rings.length };
}

/** The value of a text; undefined if it is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRing(value: unknown): value is Ring {
  if (!isObject(value)) return false;
  const { type, lane, executions, commands, away } = value;
  switch (type) {
    case "members":
      return true;
    case "ended":
      return areIds(executions);
    case "commands":
      return Number.isInteger(lane);
    case "offers":
      return Number.isInteger(lane) && (away === undefined || typeof away === "boolean");
    case "born":
      return Number.isInteger(lane) && areIds(executions);
    case "answered":
      return Number.isInteger(lane) && areIds(commands);
    default:
      return false;
  }
}

function areIds(value: unknown): boolean {
  return Array.isArray(value) && value.every((id) => typeof id === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Faults in the SQLite thread, in the form that the main thread can act on. */
import { DataFolderFault } from "../lock.ts";
import type { Trouble } from "./protocol.ts";
import { FileDamaged } from "./reads.ts";

/** SQLite's codes for what may succeed later. Extended codes (SQLITE_IOERR_FSYNC) begin with them. */
const AWAY = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|NOMEM|CANTOPEN|READONLY|PROTOCOL|INTERRUPT)/;

/** The codes of a file that is not what SQLite wrote. */
const DAMAGED = /^SQLITE_(CORRUPT|NOTADB)/;

export function troubleOf(error: unknown): Trouble {
  if (error instanceof FileDamaged) return { kind: "damaged", message: damage(error.message) };
  if (error instanceof DataFolderFault) return { kind: "folder", message: error.message };
  if (error instanceof RangeError) return { kind: "refused", message: error.message };
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const sentence = `SQLite: ${String(message ?? error)} (${String(code ?? "no code")}).`;
  if (typeof code === "string" && DAMAGED.test(code)) return { kind: "damaged", message: damage(String(message ?? code)) };
  return { kind: typeof code === "string" && AWAY.test(code) ? "away" : "failed", message: sentence };
}

function damage(what: string): string {
  return `The SQLite file is damaged (${what}): nothing more is written to it. Stop, restore it from a backup or mend it with sqlite3's .recover, and start again.`;
}

/** Whether the file of SQLite's journal (`-wal`) is still the one that was opened: what is in it only there is lost where somebody removes it. */
import { statSync } from "node:fs";

export type Journal = { isThere(): boolean };

/** From the first time that it is seen on. */
export function watchJournal(file: string): Journal {
  const look = (): number | null => statSync(`${file}-wal`, { throwIfNoEntry: false })?.ino ?? null;
  let known = look();
  return {
    isThere() {
      const found = look();
      known ??= found;
      return found === known;
    },
  };
}

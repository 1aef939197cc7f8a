import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { storeContract } from "../contracts/store.ts";

storeContract("sqlite", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "troupe-store-"));
  return {
    open: (options) => openSqliteStore({ dataDir, ...options }),
    clear: async () => rmSync(dataDir, { recursive: true, force: true }),
  };
});

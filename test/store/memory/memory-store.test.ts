import { emptyMemory, openMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { storeContract } from "../../contracts/store.ts";

storeContract("memory", () => {
  const files = emptyMemory();
  return {
    open: async (options) => openMemoryStore(files, options?.textBytesMax),
    clear: async () => undefined,
  };
});

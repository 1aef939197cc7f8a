/** Loaded before the server's own main module: tells how large the main thread's heap is after a full collection, whenever it is asked. */
import { heapStats } from "bun:jsc";

if (Bun.isMainThread) {
  process.on("message", () => {
    Bun.gc(true);
    const { heapSize, extraMemorySize } = heapStats();
    process.send?.(heapSize + extraMemorySize);
  });
}

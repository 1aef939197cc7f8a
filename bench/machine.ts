/** What a figure depends on beside the program: the machine, how busy it is, and the time that its disk takes for an fsync. */
import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { benchFolder } from "./engine.ts";

/** One line for the head of a report. */
export function machineFacts(): string {
  const [cpu] = cpus();
  const memoryGiB = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} cores (${cpu?.model.trim() ?? "unknown"}), ${memoryGiB} GiB, ${process.platform} ${process.arch}, Bun ${Bun.version}, load ${load()}`;
}

/** How many wanted to run in the last minute; above 0.3 before a benchmark others are at work too. */
export function load(): string {
  return (loadavg()[0] ?? 0).toFixed(2);
}

/** The disk's own time for 4 KiB appended and synced, in milliseconds: the median of 200. */
export function fsyncMs(): number {
  const folder = benchFolder();
  const file = openSync(join(folder, "fsync"), "w");
  const page = Buffer.alloc(4_096, 1);
  const times = Array.from({ length: 200 }, () => {
    const startedMs = performance.now();
    writeSync(file, page);
    fsyncSync(file);
    return performance.now() - startedMs;
  });
  closeSync(file);
  rmSync(folder, { recursive: true });
  return median(times);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Bytes of memory that a process holds (Linux). */
export function rssBytesOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) * 1_024;
}

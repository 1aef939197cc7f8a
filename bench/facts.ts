/** What a figure depends on beside the program: the machine, how busy it is, and the time that its disk takes for an fsync. */
import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { benchFolder, THREADS } from "./bench-engine.ts";
import { type Machine, median } from "./results.ts";

/** What the figures of a run hang on. */
export function machineOf(loadBefore: number, versions: Pick<Machine, "redis" | "kafka">): Machine {
  const [cpu] = cpus();
  return {
    cores: cpus().length,
    processor: cpu?.model.trim() ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    bun: Bun.version,
    threads: THREADS,
    fsyncMs: fsyncMs(),
    ...versions,
    loadBefore,
    loadAfter: load(),
  };
}

/** One line for the head of a report. */
export function machineSentence({
  cores,
  processor,
  memoryGiB,
  system,
  bun,
  threads,
  fsyncMs,
  redis,
  kafka,
  loadBefore,
  loadAfter,
}: Machine): string {
  const load = `load ${loadBefore.toFixed(2)} before and ${loadAfter.toFixed(2)} after`;
  const services = `${redis === null ? "" : `Redis ${redis}, `}${kafka === null ? "" : `Kafka ${kafka}, `}`;
  return `${cores} cores (${processor}), ${memoryGiB} GiB, ${system}, Bun ${bun}, ${threads} threads, ${services}fsync ${fsyncMs.toFixed(3)} ms, ${load}`;
}

/** How many wanted to run in the last minute; above 0.3 before a benchmark others are at work too. */
export function load(): number {
  return loadavg()[0] ?? 0;
}

/** The disk's own time for 4 KiB appended and synced, in milliseconds: the median of 200. */
function fsyncMs(): number {
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

/** Bytes of memory that a process holds (Linux). */
export function rssBytesOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) * 1_024;
}

/** How a small thing is timed: by mitata, for a quarter of a second, and the median of its samples. */
import { measure } from "mitata";

/** A part on its own, started and warm. */
export type Micro = {
  /** Nanoseconds for each of what the part counts (a message, a node, an event). */
  ns(): Promise<number>;
  stop?(): Promise<void> | void;
};

const CPU_NS = 250e6;

/** Nanoseconds of one `act`; awaited where it answers a promise. The median: one slow call in ten says more of the machine than of us. */
export async function nsOf(act: () => unknown): Promise<number> {
  return (await measure(act, { min_cpu_time: CPU_NS })).p50;
}

/** The same of an act that uses up what it is given; making that is not timed. */
export async function nsOfFresh<Made>(make: () => Made, act: (made: Made) => unknown): Promise<number> {
  const stats = await measure(
    function* () {
      yield { 0: make, bench: (made: Made) => act(made) };
    } as unknown as Parameters<typeof measure>[0],
    // One at a time: thousands that are made beforehand would be measured as cache misses.
    { min_cpu_time: CPU_NS, batch_threshold: 0 },
  );
  return stats.p50;
}

/** Pure CPU: a loop that allocates nothing. The same function in the engine's threads and in raw Workers. */

/** What it comes to, so that no compiler may leave it out. */
export function spin(loops: number): number {
  let value = 1;
  for (let i = 0; i < loops; i++) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
  return value;
}

/** How many loops take so long on this thread, when it is warm: by the quickest of several tries. */
export function loopsOf(ms: number): number {
  const LOOPS = 5_000_000;
  const times = Array.from({ length: 20 }, () => {
    const startedMs = performance.now();
    spin(LOOPS);
    return performance.now() - startedMs;
  });
  return Math.round((LOOPS / Math.min(...times)) * ms);
}
